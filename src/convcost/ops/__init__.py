"""What layers do: one file per op family.

Import an op from its own file (``from convcost.ops.conv import Conv``): a table of convolutions
then loads no attention and no recurrent cells.
"""
