"""The engine: one supervised worker process a device that decodes ahead, computes, and writes behind.

    crew -> supervisor (a thread of the parent) <-- pipe --> worker process: decode -> make -> score -> write -> commit

It knows nothing of what is made: a `Maker` does.
"""
