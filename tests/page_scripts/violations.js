// What axe-core finds, one line for each element; `only` names the rules to ask, null asks all.
async (only) => {
  const some = only === null ? {} : { runOnly: { type: "rule", values: only } };
  const { violations } = await axe.run({ exclude: ["[hidden]"] }, { resultTypes: ["violations"], ...some });
  const line = ({ html, any, all, none }) => `${html.slice(0, 200)} — ${[...any, ...all, ...none].map(({ message }) => message).join("; ")}`;
  return violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => ({ id, impact, where: line(node) })));
}
