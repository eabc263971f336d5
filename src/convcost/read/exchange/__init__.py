"""convcost's own format of networks, version 1: what `convcost.write.exchange` writes.

The fields of the ops' and the network's own dataclasses are the schema: `fields` reads values by
the types that these declare, so that a new op or attribute needs nothing here.
"""
