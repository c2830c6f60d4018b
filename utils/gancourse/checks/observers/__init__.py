"""What to look at in an answer. An observer takes (answer, case, like) and returns what the answer did as plain data.

Properties have short names, "value" or "gradient:h" (of what); slips.py says how they are shown and what to tell.
`like` is an earlier observation whose noise is to be used again. The answer is a Guard (guard.py), which watches each call.
"""
