"""How runtimes run a network: one file per runtime, found by its folder.

A file defines ``RUNNER``, a `convcost.runtime.runners.runner.Runner`. The framework is imported
when a network is loaded, in the process that runs it.
"""
