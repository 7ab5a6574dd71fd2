"""Daily reports 作業日報 and pay sheets: put together, drawn, and written as CSV, XLSX, a page or JSON."""
