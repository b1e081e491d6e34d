// Tiles of AMX, configured for as long as they are used.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#pragma GCC push_options
#pragma GCC target("amx-tile")

namespace halftone {

struct alignas(64) TileConfig {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
};

// Eight tiles of sixteen rows of 64 bytes.
constexpr TileConfig WholeTiles() {
  TileConfig config = {};
  config.palette = 1;
  for (int tile = 0; tile < 8; ++tile) {
    config.bytes[tile] = 64;
    config.rows[tile] = 16;
  }
  return config;
}

// Whatever another user of the thread had configured is put back.
class Tiles {
 public:
  Tiles() {
    static constexpr TileConfig kConfig = WholeTiles();
    _tile_storeconfig(&before_);
    _tile_loadconfig(&kConfig);
  }
  ~Tiles() {
    if (before_.palette)
      _tile_loadconfig(&before_);
    else
      _tile_release();
  }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

 private:
  TileConfig before_;
};

}  // namespace halftone

#pragma GCC pop_options
