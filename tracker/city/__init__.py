"""The demo city: Wrenford, an invented town whose streets, people and jobs come from one seed.

Nothing here is real and nothing is downloaded, so the demo looks the same on every machine and
needs no network. Read in this order: `plane` (metres and degrees), `network` (what a street network
is), `plan` (where the arterials, the river and the parks are), `streets` (the network, built),
`routes` (the way from here to there), `drive` (a driver on a route and the phone in the car), `map`
(the same streets for the browser), `skills` and `seed` (who lives and works here, and what is to be
done), `sim` (pros who do it, through the public interfaces).
"""
