{
  "variables": { "sanitize%": "" },
  "targets": [
    {
      "target_name": "halftone_native",
      "sources": [
        "native/arch/cpu.cc",
        "native/base/thread-pool.cc",
        "native/binding/addon.cc",
        "native/binding/conv.cc",
        "native/binding/engine.cc",
        "native/binding/gemm.cc",
        "native/binding/memory.cc",
        "native/binding/move.cc",
        "native/binding/pools.cc",
        "native/binding/program.cc",
        "native/loops/move.cc",
        "native/loops/scalar.cc",
        "native/loops/select.cc",
        "native/loops/x86_avx2.cc",
        "native/loops/x86_avx512.cc",
        "native/loops/x86_avx512vbmi.cc",
        "native/qconv/channels.cc",
        "native/qconv/conv.cc",
        "native/qconv/filters.cc",
        "native/qconv/image.cc",
        "native/qconv/lanes.cc",
        "native/qconv/pool.cc",
        "native/qconv/scalar.cc",
        "native/qconv/window.cc",
        "native/qconv/x86_avx2.cc",
        "native/qconv/x86_avx512vbmi.cc",
        "native/qconv/x86_avx512vnni.cc",
        "native/qgemm/arm64_dotprod.cc",
        "native/qgemm/columns.cc",
        "native/qgemm/arm64_neon.cc",
        "native/qgemm/gemm.cc",
        "native/qgemm/pack.cc",
        "native/qgemm/scalar.cc",
        "native/qgemm/select.cc",
        "native/qgemm/x86_amx.cc",
        "native/qgemm/x86_avx2.cc",
        "native/qgemm/x86_avx512vnni.cc",
        "native/qgemm/x86_avxvnni.cc"
      ],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions", "-O2", "-O3"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
      "cflags_cc": [
        "-std=c++17",
        "-O3",
        "-fexceptions",
        "-fvisibility=hidden",
        "-ffp-contract=off",
        "-fno-fast-math",
        "-fno-math-errno",
        "-fno-trapping-math",
        "-Wall",
        "-Wextra",
        "-Wno-maybe-uninitialized",
        "-Wno-unused-parameter"
      ],
      "conditions": [
        ["sanitize!=''", {
          "cflags_cc": ["-fsanitize=<(sanitize)", "-fno-sanitize-recover=all", "-g", "-fno-omit-frame-pointer"],
          "ldflags": ["-fsanitize=<(sanitize)"]
        }]
      ]
    }
  ]
}
