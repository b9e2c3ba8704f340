import Foundation
import HubServer
import TestSupport

/// A Hub with the small model of the tests, for commands in processes of their own.
struct ModelServer {
  static let repository = "tests/tiny-sdxl"
  /// The files that are read of the small model.
  static let files: Set<String> = [
    "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
    "text_encoder/model.safetensors", "text_encoder_2/config.json",
    "text_encoder_2/model.safetensors", "tokenizer/merges.txt",
    "tokenizer/special_tokens_map.json", "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json", "tokenizer_2/merges.txt", "tokenizer_2/special_tokens_map.json",
    "tokenizer_2/tokenizer_config.json", "tokenizer_2/vocab.json", "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
  ]

  let server: HubServer
  let workspace: Workspace

  /// The repository has more than the model: pickled weights, other variants, pictures.
  init() throws {
    server = try HubServer()
    workspace = try Workspace()
    var model = try StoredRepository(folder: URL(filePath: Workspace.model))
    let other = StoredFile(Data("not for us".utf8), isLarge: true)
    for path in [
      "README.md", "unet/diffusion_pytorch_model.bin", "unet/diffusion_flax_model.msgpack",
      "unet/diffusion_pytorch_model.fp16.safetensors",
      "vae_1_0/diffusion_pytorch_model.safetensors",
      "text_encoder/model.onnx", "sd_xl_base_1.0.safetensors", "sd_xl_base.ckpt", "example.png",
      "manifest.json",
    ] { model.files[path] = other }
    server.add(model, named: Self.repository)
  }

  /// The variables of the environment.
  func environment(_ more: [String: String] = [:]) -> [String: String] {
    [
      "HOME": workspace.url.path, "HF_HOME": workspace.file("hf").path,
      "HF_ENDPOINT": server.hub.address, "HF_TOKEN": "", "HF_HUB_CACHE": "", "HF_HUB_OFFLINE": "",
      "HTTP_PROXY": "", "http_proxy": "", "ALL_PROXY": "", "all_proxy": "",
    ].merging(more) { $1 }
  }

  /// Runs `models` in a process of its own.
  func run(_ arguments: String..., with more: [String: String] = [:]) throws -> Program.Outcome {
    try Program.run(
      ["models"] + arguments, in: workspace.url, environment: environment(more))
  }

  /// Pulls the small model under the name `tiny`.
  func pull(_ more: [String: String] = [:]) throws -> Program.Outcome {
    try run("pull", Self.repository, "--name", "tiny", with: more)
  }

  /// What is below `base`, without hidden folders; every file must have the right bytes.
  func installed(_ name: String = "tiny") throws -> Set<String> {
    let folder = workspace.file("Checkpoints/base/\(name)")
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    let paths = try workspace.files(below: "Checkpoints/base/\(name)")
    let stored = server.repository(Self.repository)?.files ?? [:]
    for path in paths where path != "manifest.json" {
      guard try Data(contentsOf: folder.appending(path: path)) == stored[path]?.content else {
        throw WrongFile(path: path)
      }
    }
    return Set(paths)
  }

  struct WrongFile: Error {
    let path: String
  }
}
