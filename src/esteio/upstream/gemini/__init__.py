"""Google's Gemini API asked for texts. Its client library is loaded by the first question, never before."""
