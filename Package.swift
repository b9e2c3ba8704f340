// swift-tools-version: 6.1
import PackageDescription

// The folder in LIBTORCH (an unpacked libtorch, or the `torch` folder of a PyTorch installation), else
// the one that Scripts/bootstrap installs. SwiftPM caches the result of a manifest, so the manifest
// does not read the file system.
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch"

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

// Tests spend most of their time in layers, weights, images and the C++ code around libtorch, so these
// targets are optimised in debug builds, too. `@testable import` and failpoints still work.
let optimizedSwift = swiftSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]
let optimizedC = ["-O2"]

// The image libraries in IMAGE_LIBRARIES, such as `WebP,TIFF` or `none`; without it all of them
// (Documentation/install.md, "Image formats"). Traits of packages would be the usual way, but SwiftPM
// passes them to the compiler in random order, so that it compiles everything again and again.
let chosenLibraries = Context.environment["IMAGE_LIBRARIES"].flatMap {
  $0.isEmpty ? nil : Set($0.split(separator: ",").map(String.init))
}
let imageLibraries = [
  (name: "WebP", libraries: ["webp", "webpdemux"]), ("GIF", ["gif"]), ("TIFF", ["tiff"]),
  ("HEIF", ["heif"]), ("Colors", ["lcms2"]),
].filter { library in
  guard let chosen = chosenLibraries else { return true }
  return chosen.contains(library.name)
}

if let unknown = chosenLibraries?.subtracting(["WebP", "GIF", "TIFF", "HEIF", "Colors", "none"])
  .first
{
  fatalError(
    "IMAGE_LIBRARIES has \(unknown); choose from WebP,GIF,TIFF,HEIF,Colors without spaces, or none."
  )
}

// The executable of Scripts/fuzz, which only links with libFuzzer.
let fuzzer: [Target] =
  Context.environment["LORA_TRAIN_FUZZ"] == nil
  ? []
  : [
    .target(name: "CFuzzer", path: "Tests/CFuzzer"),
    .executableTarget(
      name: "fuzzer", dependencies: ["CFuzzer", "Fuzzing"], path: "Tests/Fuzzer",
      swiftSettings: swiftSettings),
  ]

let package = Package(
  name: "lora-train",
  products: [
    .executable(name: "lora-train", targets: ["lora-train"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    // Without traits, which SwiftPM passes to the compiler in random order.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    .target(
      name: "CTorch", exclude: ["Declarations/gloo/README.md"],
      cxxSettings: [
        .headerSearchPath("Declarations"),
        .unsafeFlags([
          "-isystem", "\(libtorch)/include",
          "-isystem", "\(libtorch)/include/torch/csrc/api/include",
        ]),
        .unsafeFlags(optimizedC, .when(configuration: .debug)),
        // libtorch was compiled with it, and some classes in its headers have more members without.
        .define("NDEBUG"),
      ],
      // A CUDA libtorch registers its kernels when libtorch.so is loaded. With --as-needed the linker
      // would drop it, since the program uses none of its symbols directly.
      linkerSettings: [
        .unsafeFlags([
          "-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib",
          "-Xlinker", "--no-as-needed", "-ltorch", "-ltorch_cpu", "-lc10", "-lm",
        ])
      ]
    ),
    // Points where tests kill the program or simulate disk failures; empty in release builds.
    .target(name: "Failpoints", swiftSettings: swiftSettings),
    .target(
      name: "Files",
      dependencies: ["Failpoints", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swiftSettings),
    .target(
      name: "Options", dependencies: ["Files", .product(name: "Yams", package: "Yams")],
      swiftSettings: swiftSettings),
    .target(name: "Torch", dependencies: ["CTorch", "Files"], swiftSettings: optimizedSwift),
    // The processes of one training or drawing on several GPUs or machines.
    .target(name: "Ranks", dependencies: ["Files", "Torch"], swiftSettings: swiftSettings),
    .target(
      name: "NN", dependencies: ["Failpoints", "Files", "Torch"], swiftSettings: optimizedSwift),
    // CLIP's merges, embedded into the executable, so that it needs no further file.
    .target(name: "CLIPVocabulary", exclude: ["Vocabulary"]),
    .target(
      name: "StableDiffusion", dependencies: ["CLIPVocabulary", "Files", "NN", "Torch"],
      swiftSettings: optimizedSwift),
    .target(
      name: "CImageCodecs",
      cSettings: [.unsafeFlags(optimizedC, .when(configuration: .debug))]
        + imageLibraries.map { .define("CI_BUILT_WITH_\($0.name.uppercased())") },
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]
        + imageLibraries.flatMap { $0.libraries.map { .linkedLibrary($0) } }
    ),
    .target(
      name: "Images", dependencies: ["CImageCodecs", "Files"],
      resources: [.embedInCode("Fonts/fixed-7x13.hex")], swiftSettings: optimizedSwift),
    .target(
      name: "Adapters", dependencies: ["Files", "NN", "StableDiffusion", "Torch"],
      swiftSettings: swiftSettings),
    .target(
      name: "Datasets",
      dependencies: ["Files", "Images", "Options", .product(name: "Yams", package: "Yams")],
      swiftSettings: swiftSettings),
    .target(
      name: "Drawing",
      dependencies: [
        "Adapters", "Files", "Images", "NN", "Options", "Ranks", "StableDiffusion", "Torch",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: swiftSettings),
    .target(
      name: "Training",
      dependencies: [
        "Adapters", "Datasets", "Drawing", "Failpoints", "Files", "Images", "NN", "Options",
        "Ranks",
        "StableDiffusion", "Torch", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: swiftSettings),
    .target(
      name: "RunLog",
      dependencies: ["Failpoints", "Files", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: swiftSettings
    ),
    // Files that TensorBoard shows. Messages is made from Schema.
    .target(
      name: "EventFiles",
      dependencies: ["Files", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Schema"], swiftSettings: optimizedSwift),
    .target(
      name: "Hub",
      dependencies: [
        "Files", .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swiftSettings),
    .target(
      name: "Pages",
      dependencies: ["Files", .product(name: "Mustache", package: "swift-mustache")],
      resources: [.embedInCode("Assets"), .embedInCode("Templates")],
      swiftSettings: swiftSettings),
    .target(
      name: "Workspace",
      dependencies: [
        "Adapters", "Datasets", "Drawing", "EventFiles", "Failpoints", "Files", "Hub", "Images",
        "NN", "Options", "Ranks", "RunLog", "StableDiffusion", "Torch", "Training",
        .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      swiftSettings: swiftSettings),
    .target(
      name: "Studio",
      dependencies: [
        "Datasets", "Drawing", "Files", "Images", "Options", "Pages", "RunLog", "StableDiffusion",
        "Torch", "Training", "Workspace",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "lora-train",
      dependencies: [
        "Adapters", "Datasets", "Drawing", "Failpoints", "Files", "Hub", "Images", "NN", "Options",
        "Pages", "Ranks", "RunLog", "StableDiffusion", "Studio", "Torch", "Training", "Workspace",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),

    // Recognises the subjects of the demonstration in pictures.
    .target(
      name: "DemoScores", dependencies: ["Files", "Images", "Torch"],
      resources: [.copy("Templates")],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "demo-scores",
      dependencies: [
        "Adapters", "DemoScores", "Drawing", "Files", "Images", "NN", "StableDiffusion", "Torch",
        "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),

    .target(
      name: "TestSupport",
      dependencies: ["NN", "Ranks", "Torch"],
      path: "Tests/TestSupport",
      swiftSettings: swiftSettings
    ),
    // A server that speaks the Hub's interface, for tests.
    .target(
      name: "HubServer",
      dependencies: [
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/HubServer",
      swiftSettings: swiftSettings
    ),
    // The readers of bytes from outside, as functions of the bytes.
    .target(
      name: "Fuzzing",
      dependencies: [
        "Adapters", "Datasets", "Drawing", "Files", "Images", "NN", "Options", "StableDiffusion",
        "TestSupport", "Torch", "Training", "Workspace",
      ],
      path: "Tests/Fuzzing", exclude: ["Seeds"], swiftSettings: swiftSettings),
    .testTarget(
      name: "FuzzingTests", dependencies: ["Fuzzing", "TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "TorchTests", dependencies: ["Torch", "TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "RanksTests", dependencies: ["Ranks", "Torch", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "NNTests", dependencies: ["Files", "NN", "Torch", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "StableDiffusionTests",
      dependencies: ["StableDiffusion", "NN", "Torch", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ImagesTests", dependencies: ["Images"], exclude: ["Fixtures"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "OptionsTests", dependencies: ["Options", "TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "DrawingTests",
      dependencies: [
        "Drawing", "Files", "Images", "NN", "Options", "StableDiffusion", "Torch", "TestSupport",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Adapters", "Datasets", "Drawing", "Files", "Images", "NN", "Options", "Ranks",
        "StableDiffusion",
        "Torch", "Training", "TestSupport",
      ],
      swiftSettings: swiftSettings),
    // The rules of CONTRIBUTING.md: layers, folders, flags, lengths.
    .testTarget(name: "LayoutTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "AdaptersTests",
      dependencies: ["Adapters", "Files", "NN", "StableDiffusion", "Torch", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "HubTests",
      dependencies: [
        "Files", "Hub", "HubServer", "TestSupport",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: swiftSettings),
    // Headless Chromium, for tests that click through a page.
    .target(
      name: "Browser",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ],
      path: "Tests/Browser", swiftSettings: swiftSettings),
    .testTarget(
      name: "StudioTests",
      dependencies: [
        "Browser", "Drawing", "Files", "Images", "RunLog", "Studio", "TestSupport", "Training",
        "Workspace", .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "EventFilesTests", dependencies: ["EventFiles", "Files", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(name: "PagesTests", dependencies: ["Pages"], swiftSettings: swiftSettings),
    .testTarget(
      name: "RunLogTests",
      dependencies: ["Files", "RunLog", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "WorkspaceTests",
      dependencies: [
        "Datasets", "Drawing", "EventFiles", "Files", "Images", "NN", "Options", "RunLog",
        "StableDiffusion", "TestSupport", "Training", "Workspace",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "lora-train", "Adapters", "Datasets", "Drawing", "Files", "HubServer", "Images", "NN",
        "Options", "StableDiffusion", "Torch", "Training", "TestSupport",
      ],
      exclude: ["Fixtures"], swiftSettings: swiftSettings),
    .testTarget(
      name: "DemoScoresTests",
      dependencies: ["DemoScores", "demo-scores", "Images", "TestSupport"], exclude: ["Fixtures"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "DemoTests",
      dependencies: [
        "Adapters", "DemoScores", "Datasets", "Drawing", "Images", "NN", "StableDiffusion",
        "Training",
        "TestSupport",
      ],
      swiftSettings: swiftSettings),
  ] + fuzzer,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
