"""The Kubernetes API over HTTP/1.1: a transport in front of an API server, or of whatever stands for one.

    connection.py    the socket: h11 on trio, limits, hang-ups, chunks        (the only file that imports h11)
    front.py         one request in, one answer out: routing, authentication, errors as Status
    paths.py query.py bodies.py    a URL, its options and its body as an `ApiRequest`
    answers.py watching.py         an object, a Table, a Status, or a stream of lines
    discovery.py openapi.py ...    what the server says of itself

The front knows a `Backend` (`backend.py`) and the kinds that are served; it never touches a store. So the same front
stands before one API server, or before the fabric that puts weather between both.
"""
