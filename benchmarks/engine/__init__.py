"""`make bench-engine`: the engine through the node, beside llama.cpp's own programs and the plain binding."""
