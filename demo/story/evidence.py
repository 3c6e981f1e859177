"""The picture that stands for every photo, drawing and paper of the stories and the sample."""

import base64

# A grey dot as a PNG: openly no photo of anything.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
NAME = "演示.png"
