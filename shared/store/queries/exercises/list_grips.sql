SELECT slug, category
FROM grips
ORDER BY category, slug
