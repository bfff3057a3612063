"""The gate: what every request passes, step by step, each step an ASGI application that wraps the next.

Context      request id, trace, access log, metrics; renders what the others refuse
Headers      security headers, hosts, CORS, deprecation
Bounds       sizes of address, headers and body
Identify     who is calling (esteio.auth.gate)
Limit        how often (esteio.limits.gate)
Idempotency  was this asked before?
Conditional  an answer that is still at hand
Dispatch     the operation itself, within its time
"""
