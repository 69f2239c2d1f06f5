#pragma once

/// Marks what users of the library may link to; everything else is hidden.
#define HOLDFAST_EXPORT __attribute__((visibility("default")))
