// What the server put into the page so that the first view need not ask for it: {served_at, config, summary, modules}.

/** The content of <script id="start" type="application/json">; null in a page that the server did not fill. */
export function startOf(page) {
  const text = page.getElementById("start")?.textContent.trim();
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    console.warn(`what the page starts from cannot be read: ${error.message}`);
    return null;
  }
}
