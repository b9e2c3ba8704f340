import Foundation

@testable import StableDiffusion
@testable import Workspace

extension FuzzTarget {
  /// JSON files of models.
  static let models = [modelConfiguration, tokenizerFiles, modelManifest]

  private static let modelConfiguration = FuzzTarget("model-configuration") { bytes in
    let file = try Scratch.file("model-configuration", "config.json", bytes)
    try allowingRefusal { _ = try ConfigurationFile.decode(UNetConfiguration.self, from: file) }
    try allowingRefusal { _ = try ConfigurationFile.decode(VAEConfiguration.self, from: file) }
    try allowingRefusal { _ = try ConfigurationFile.decode(CLIPTextConfiguration.self, from: file) }
    try allowingRefusal {
      let index = try ConfigurationFile.decode(ModelIndex.self, from: file)
      for role in [ModelDirectory.Role.base, .refiner] {
        _ = index.error(as: role, path: file.relativePath)
      }
    }
    let scheduler = try ConfigurationFile.decode(SchedulerConfiguration.self, from: file)
    _ = try scheduler.scheduler(steps: 4)
  }

  private static let tokenizerFiles = FuzzTarget("tokenizer-files") { bytes in
    for name in ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"] {
      try allowingRefusal {
        let target = "tokenizer-\(name)"
        if name != "tokenizer.json" {
          _ = try Scratch.file(target, "vocab.json", vocabulary)
          _ = try Scratch.file(target, "merges.txt", merges)
        }
        _ = try Scratch.file(target, name, bytes)
        let tokenizer = try CLIPTokenizer(directory: Scratch.folder(target))
        _ = tokenizer.encode("ab <|endoftext|> b", maxTokens: 100)
      }
    }
  }

  private static let vocabulary = Data(
    #"{"a":0,"b":1,"a</w>":2,"b</w>":3,"ab</w>":4,"<|startoftext|>":5,"<|endoftext|>":6}"#.utf8)
  private static let merges = Data("#version: 0.2\na b</w>\n".utf8)

  private static let modelManifest = FuzzTarget("model-manifest") { bytes in
    let file = try Scratch.file("model-manifest", "manifest.json", bytes)
    _ = ModelManifest(of: file.deletingLastPathComponent())
  }
}
