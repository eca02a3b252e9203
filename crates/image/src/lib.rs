//! segments to layers to an image; layouts, archives and bases
