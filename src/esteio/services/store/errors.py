"""What only the store can refuse."""

from esteio.base.errors import Conflict


class FavoriteExists(Conflict):
    code = "FAVORITE_EXISTS"
    title = "The product is a favourite already"
    words = "The user has a favourite of this product: change it instead; `data` holds it."
