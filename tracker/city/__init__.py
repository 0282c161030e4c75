"""The demo city: Wrenford, an invented town whose streets, people and jobs come from one seed.

Nothing here is real and nothing is downloaded, so the demo looks the same on every machine and
needs no network. Read in this order: `plane` (metres and degrees), `network` (what a street network
is), `plan` (where the arterials, the river and the parks are), `streets` (the network, built),
`addresses` (house numbers), `routes` (the way from here to there), `drive` (a driver on a route),
`phone` (what the GPS in the car says), `map` (the same streets for the browser), `skills`, `people`
and `seed` (who lives and works here, and what is to be done), `company` (the public HTTP routes a
pro's app calls), `reporter` (the phone, sending) and `sim` (pros who do the work, using nothing but
the public interfaces).
"""
