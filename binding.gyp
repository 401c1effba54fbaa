{
  # The shipping build. CMakeLists.txt reads the same two lists, so a source file is named once.
  'variables': {
    # Warnings end the build in CI and in the tests, never on a user's newer compiler.
    'weft_werror': '<!(test "${WEFT_WERROR:-${CI:-0}}" = 0 && echo no || echo yes)',
    # With clang it would need another linker than the one that is there.
    'weft_lto': '<!(${CXX:-c++} --version | grep -q clang && echo no || echo yes)',
    # What binds symbols of its own choice by assembler directives, which link-time optimisation
    # does not see.
    'weft_symbol_sources': ['native/binding/glibc_floor.cc', 'native/os/thread.cc'],
  },
  'targets': [
    {
      'target_name': 'weft_symbols',
      'includes': ['native/target.gypi'],
      'type': 'static_library',
      'sources': ['<@(weft_symbol_sources)'],
    },
    {
      'target_name': 'weft',
      'includes': ['native/target.gypi'],
      'dependencies': ['weft_symbols'],
      'sources': [
        '<!@(sed -n "s,^[^#],native/&,p" native/sources.txt native/binding_sources.txt)',
      ],
      'sources!': ['<@(weft_symbol_sources)'],
      # Undefined symbols and missing functions fail at load, not at the first call in traffic.
      'ldflags': [
        '-Wl,-z,now',
        '-Wl,-z,relro',
        '-Wl,-z,noexecstack',
        '-Wl,--as-needed',
        '-Wl,--version-script=<(module_root_dir)/native/exports.map',
      ],
      'conditions': [
        ['weft_lto=="yes"', {'cflags': ['-flto'], 'ldflags': ['-flto=auto']}],
      ],
    },
  ],
}
