"""The Gemini API, played: `generateContent` for pictures and for stories, and each way in which it gives neither.

`running_gemini` runs it in this process, `esteio standin gemini` as one of its own. A picture is drawn from the
request's own one (`drawing.drawn`), so that a test can tell which photo reached it; that needs Pillow.
"""

from esteio.standins.gemini.running import Painter, running_gemini
from esteio.standins.gemini.site import Gemini

__all__ = ["Gemini", "Painter", "running_gemini"]
