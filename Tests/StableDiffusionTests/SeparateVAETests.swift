import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// A VAE that replaces the model's own, in every supported form.
@Suite struct SeparateVAETests {
  private static let tiny = Repository.golden.appending(path: "tiny-sdxl")

  private let folder: TemporaryDirectory
  private let model: ModelDirectory
  /// tiny-sdxl's VAE with other values, under diffusers' names.
  private let tensors: [(name: String, tensor: Tensor)]

  init() throws {
    folder = try TemporaryDirectory()
    model = try ModelDirectory(Self.tiny)
    let file = try SafetensorsFile(
      contentsOf: Self.tiny.appending(path: "vae/diffusion_pytorch_model.safetensors"))
    tensors = try file.names.map { ($0, try file.tensor($0) * 0.5) }
  }

  @Test("A folder of diffusers, the folder of a whole model, and a folder of the fp16 variant")
  func folders() throws {
    let vae = try makeFolder("vae", file: "diffusion_pytorch_model.safetensors")
    #expect(try values(model.replacingVAE(with: vae)) == expected())
    let whole = folder.url.appending(path: "vae").deletingLastPathComponent()
    #expect(try values(model.replacingVAE(with: whole)) == expected())
    let half = try makeFolder("half", file: "diffusion_pytorch_model.fp16.safetensors")
    #expect(try values(model.replacingVAE(with: half)) == expected())
    #expect(try values(model) != expected())
    let named = try model.replacingVAE(with: vae).files(of: .vae).map(\.lastPathComponent)
    #expect(named.sorted() == ["config.json", "diffusion_pytorch_model.safetensors"])
    #expect(try model.replacingVAE(with: vae).files(of: .unet) == model.files(of: .unet))
  }

  @Test("A file with diffusers' present or former names and its configuration beside it")
  func diffusersFile() throws {
    let vae = try makeFolder("new", file: "diffusion_pytorch_model.safetensors")
    let file = vae.appending(path: "diffusion_pytorch_model.safetensors")
    #expect(try values(model.replacingVAE(with: file)) == expected())

    let former = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
    let renamed = tensors.map { name, tensor in
      (
        name: former.reduce(name) { $0.replacing(".\($1.key).", with: ".\($1.value).") },
        tensor: tensor
      )
    }
    #expect(Set(renamed.map(\.name)) != Set(tensors.map(\.name)))
    let old = try makeFolder("old", file: "diffusion_pytorch_model.safetensors", renamed)
    #expect(try values(model.replacingVAE(with: old)) == expected())
  }

  @Test("A file with the original names, with and without prefix", arguments: ["", "vae."])
  func originalFile(prefix: String) throws {
    let original = try SingleFileModel.tinyTensors().filter {
      $0.name.hasPrefix("first_stage_model.")
    }.map { (name: prefix + $0.name.dropFirst("first_stage_model.".count), tensor: $0.tensor) }
    let file = folder.url.appending(path: "some.safetensors")
    try SafetensorsWriter.write(original, to: file)
    let description = folder.url.appending(path: "some.config/vae")
    try FileManager.default.createDirectory(at: description, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: Self.tiny.appending(path: "vae/config.json"),
      to: description.appending(path: "config.json"))
    #expect(try values(model.replacingVAE(with: file)) == values(model))
  }

  @Test("A file with SDXL's own VAE gives the published sizes")
  func sizes() throws {
    let whole = try ModelDirectory(SingleFileModel.empty("sdxl", in: folder.url))
    let other = try whole.replacingVAE(
      with: SingleFileModel.empty("sdxl", in: folder.url, part: "first_stage_model."))
    #expect(other.vae == whole.vae)
    try other.checkWeights()
  }

  @Test("A missing file and a file without a VAE are refused")
  func wrong() throws {
    let nowhere = folder.url.appending(path: "nowhere")
    #expect {
      _ = try model.replacingVAE(with: nowhere)
    } throws: {
      "\($0)".hasSuffix(
        "nowhere does not exist; give a VAE's folder in diffusers' layout, or its file.")
    }
    let other = folder.url.appending(path: "other.safetensors")
    try SafetensorsWriter.write([("weight", try .zeros([1]))], to: other)
    #expect(throws: WeightsError.self) { _ = try model.replacingVAE(with: other) }
  }

  private func makeFolder(
    _ name: String, file: String, _ tensors: [(name: String, tensor: Tensor)]? = nil
  ) throws -> URL {
    let url = folder.url.appending(path: name)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try SafetensorsWriter.write(tensors ?? self.tensors, to: url.appending(path: file))
    try FileManager.default.copyItem(
      at: Self.tiny.appending(path: "vae/config.json"), to: url.appending(path: "config.json"))
    return url
  }

  private func values(_ model: ModelDirectory) throws -> [String: [UInt8]] {
    Dictionary(
      try model.loadVAE().parameters().map { ($0.path, try $0.parameter.tensor.bytes()) },
      uniquingKeysWith: { $1 })
  }

  private func expected() throws -> [String: [UInt8]] {
    Dictionary(try tensors.map { ($0.name, try $0.tensor.bytes()) }, uniquingKeysWith: { $1 })
  }
}
