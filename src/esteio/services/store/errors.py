"""What only the store can refuse, and what it says of products that are not there."""

from esteio.base.errors import Conflict, FieldError, NotFound


class FavoriteExists(Conflict):
    code = "FAVORITE_EXISTS"
    title = "The product is a favourite already"
    words = "The user has a favourite of this product: change it instead; `data` holds it."


def no_such_product() -> NotFound:
    """The refusal of a `product_id` that names nothing which the shop has."""
    words = "The shop has no product with this id."
    return NotFound(words, errors=[FieldError(NotFound.code, words, "product_id", "#/product_id")])
