"""The page to paste into: `convcost serve`, and its JSON API.

One way: request -> Question -> worker process -> Answer -> page, JSON, CSV or HTML file. The
framework of the web is imported in this room only.
"""
