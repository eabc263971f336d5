"""Keras: configurations, files, live models, printed summaries and pasted code.

What all of them need lies here: ``config``, the one form that a model is read into, ``inputs``,
what the user says about it, and what versions of Keras call things (``names``, ``signatures``,
``arguments``, ``classes``, ``snake_case``). The rooms, each knowing only those before it::

    layers           configuration of a layer -> op, by a rule per class
    network          configuration of a model -> network
    serial           JSON -> configuration
    files            archives and HDF5 -> configuration with arrays
    live             objects of the running program -> configuration
    code             pasted Python -> configuration
    summary          text -> tables
    solve            tables, with code beside them -> network
"""
