// swift-tools-version: 6.1
import PackageDescription

// libtorch is wherever LIBTORCH says (an unpacked libtorch, or the `torch` folder of a PyTorch
// installation), else where Scripts/bootstrap puts it. SwiftPM caches what a manifest computes, so
// nothing here looks at the file system.
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch"

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "lora-train",
  products: [
    .executable(name: "lora-train", targets: ["lora-train"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CTorch",
      cxxSettings: [
        .unsafeFlags([
          "-isystem", "\(libtorch)/include",
          "-isystem", "\(libtorch)/include/torch/csrc/api/include",
        ])
      ],
      // A CUDA libtorch registers its kernels when libtorch.so is loaded; with --as-needed the
      // linker would drop it, because no symbol of ours lives there.
      linkerSettings: [
        .unsafeFlags([
          "-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib",
          "-Xlinker", "--no-as-needed", "-ltorch", "-ltorch_cpu", "-lc10", "-lm",
        ])
      ]
    ),
    .target(name: "Torch", dependencies: ["CTorch"], swiftSettings: swiftSettings),
    // Where tests may kill the program or have the disk fail; empty in release builds.
    .target(name: "Failpoints", swiftSettings: swiftSettings),
    .target(name: "NN", dependencies: ["Failpoints", "Torch"], swiftSettings: swiftSettings),
    // CLIP's merges, put into the executable by #embed, so that it needs no file beside it.
    .target(name: "CLIPVocabulary", exclude: ["Vocabulary"]),
    .target(
      name: "StableDiffusion", dependencies: ["CLIPVocabulary", "NN", "Torch"],
      swiftSettings: swiftSettings),
    .target(
      name: "CImageCodecs",
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]
    ),
    .target(
      name: "Images", dependencies: ["CImageCodecs"],
      resources: [.embedInCode("Fonts/fixed-7x13.hex")], swiftSettings: swiftSettings),
    .target(
      name: "DreamBooth",
      dependencies: [
        "Failpoints", "Images", "NN", "StableDiffusion", "Torch",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "RunLog",
      dependencies: ["Failpoints", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: swiftSettings
    ),
    .target(
      name: "Pages", dependencies: [.product(name: "Mustache", package: "swift-mustache")],
      resources: [.embedInCode("Templates/comparison.mustache")], swiftSettings: swiftSettings),
    .executableTarget(
      name: "lora-train",
      dependencies: [
        "DreamBooth", "Failpoints", "Images", "NN", "Pages", "RunLog", "StableDiffusion", "Torch",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),

    // The subjects of the demonstration, recognised in what adapters draw.
    .target(
      name: "DemoScores", dependencies: ["Images", "Torch"], resources: [.copy("Templates")],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "demo-scores",
      dependencies: [
        "DemoScores", "DreamBooth", "Images", "NN", "StableDiffusion", "Torch",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings
    ),

    .target(
      name: "TestSupport",
      dependencies: ["NN", "Torch"],
      path: "Tests/TestSupport",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "TorchTests", dependencies: ["Torch", "TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "NNTests", dependencies: ["NN", "Torch", "TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "StableDiffusionTests",
      dependencies: ["StableDiffusion", "NN", "Torch", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ImagesTests", dependencies: ["Images"], exclude: ["Fixtures"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "DreamBoothTests",
      dependencies: ["DreamBooth", "Images", "StableDiffusion", "NN", "Torch", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(name: "PagesTests", dependencies: ["Pages"], swiftSettings: swiftSettings),
    .testTarget(
      name: "RunLogTests",
      dependencies: ["RunLog", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "CommandTests",
      dependencies: ["lora-train", "DreamBooth", "Images", "NN", "Torch", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "DemoScoresTests",
      dependencies: ["DemoScores", "demo-scores", "Images", "TestSupport"], exclude: ["Fixtures"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "DemoTests",
      dependencies: ["DemoScores", "DreamBooth", "Images", "NN", "StableDiffusion", "TestSupport"],
      swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
