import Files
import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters

@Suite("Adapter files that are written")
struct AdapterWriterTests {
  private static let tiny = Repository.golden.appending(path: "tiny-sdxl")

  private let folder: TemporaryDirectory
  private let layers: AdaptableLayers
  /// Linear layers and convolutions of the UNet, and layers of both text encoders, in float16 with
  /// alphas that are not the rank.
  private let adapters: LayerAdapters

  init() throws {
    folder = try TemporaryDirectory()
    layers = AdaptableLayers(try ModelDirectory(Self.tiny))
    adapters = try AdapterFile(
      contentsOf: Repository.golden.appending(path: "adapters/kohya.safetensors")
    ).adapters(for: layers)
  }

  /// The largest difference of a layer's delta, relative to the largest value of the delta.
  private func difference(_ a: LayerAdapters, _ b: LayerAdapters) throws -> Double {
    #expect(Set(a.keys) == Set(b.keys))
    return try a.map { layer, adapter in
      let weight = try Tensor.zeros(layer.shape)
      let other = try #require(b[layer])
      return try relativeDifference(other.delta(of: weight), adapter.delta(of: weight))
    }.max() ?? 1
  }

  @Test(
    "every form is read back with the same effect, linear layers, convolutions and text encoders",
    arguments: AdapterFormat.allCases, [(DType.float32, 1e-6), (.float16, 2e-3), (.bfloat16, 2e-2)])
  func roundTrip(format: AdapterFormat, type: (DType, Double)) throws {
    let url = folder.url.appending(path: "adapter")
    try AdapterWriter(format, dtype: type.0).write(adapters, of: layers, to: url)
    let read = try AdapterFile(contentsOf: url).adapters(for: layers)
    #expect(try difference(adapters, read) < type.1)
    for file in try AdapterFile.files(at: url) {
      let file = try SafetensorsFile(contentsOf: file)
      for name in file.names where !name.hasSuffix("alpha") {
        #expect(try file.tensor(name).dtype == type.0)
      }
    }
  }

  @Test(
    "both namings of kohya's blocks are read back bit for bit", arguments: KohyaBlockNames.allCases)
  func kohyaBlocks(names: KohyaBlockNames) throws {
    let url = folder.url.appending(path: "adapter.safetensors")
    try AdapterWriter(.kohya, blockNames: names).write(adapters, of: layers, to: url)
    #expect(
      try difference(adapters, AdapterFile(contentsOf: url).adapters(for: layers)) == 0)
    let file = try SafetensorsFile(contentsOf: url)
    let alphas = file.names.filter { $0.hasSuffix(".alpha") }
    #expect(alphas.count == adapters.count && file.names.count == 3 * adapters.count)
    #expect(try alphas.allSatisfy { try file.tensor($0).shape == [] })
    #expect(
      file.names.contains("lora_te2_text_model_encoder_layers_2_mlp_fc2.lora_down.weight"))
    #expect(
      file.names.contains {
        $0.hasPrefix(names == .sgm ? "lora_unet_input_blocks_" : "lora_unet_down_blocks_")
      })
  }

  @Test("without their metadata, the forms that have no alpha give the same effect")
  func stripped() throws {
    let whole = folder.url.appending(path: "whole.safetensors")
    let stripped = folder.url.appending(path: "stripped.safetensors")
    for format in [AdapterFormat.kohya, .diffusers] {
      try AdapterWriter(format).write(adapters, of: layers, to: whole)
      let file = try SafetensorsFile(contentsOf: whole)
      try SafetensorsWriter.write(
        file.names.map { ($0, try file.tensor($0)) }, to: stripped)
      #expect(
        try difference(adapters, AdapterFile(contentsOf: stripped).adapters(for: layers)) < 1e-6)
    }
  }

  @Test("the metadata has the hash of the tensors, ranks and alphas of each layer")
  func metadata() throws {
    let url = folder.url.appending(path: "adapter.safetensors")
    try AdapterWriter(.diffusers).write(
      adapters, of: layers, metadata: ["ss_network_dim": "2"], to: url)
    let metadata = try SafetensorsFile(contentsOf: url).metadata
    let data = try Data(contentsOf: url)
    let header = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(metadata["sshs_model_hash"] == ContentHash.of(data.dropFirst(8 + header)))
    #expect(metadata["ss_network_dim"] == "2" && metadata["format"] == "pt")
    let fields = try #require(
      JSONSerialization.jsonObject(with: Data(metadata["lora_adapter_metadata"]?.utf8 ?? "".utf8))
        as? [String: Any])
    for part in ["unet", "text_encoder", "text_encoder_2"] {
      #expect(fields["\(part).r"] as? Int == fields["\(part).lora_alpha"] as? Int)
    }
    #expect(
      (fields["text_encoder.target_modules"] as? [String])
        == ["fc1", "fc2", "k_proj", "out_proj", "q_proj", "v_proj"])
  }

  @Test("a folder of PEFT has exactly the parts that were written last, with and without the UNet")
  func parts() throws {
    let url = folder.url.appending(path: "peft")
    for part in [ModelDirectory.Component.unet, .textEncoder2] {
      try AdapterWriter(.peft).write(adapters, of: layers, to: url)
      #expect(try AdapterFile.files(at: url).count == 3)
      let some = adapters.filter { $0.key.part == part }
      try AdapterWriter(.peft).write(some, of: layers, to: url)
      let read = try AdapterFile(contentsOf: url).adapters(for: layers)
      #expect(try difference(some, read) < 1e-6)
    }
  }

  @Test("an adapter of some layers names exactly these as PEFT's targets")
  func targets() throws {
    let first = adapters.filter { $0.key.path.hasPrefix("down_blocks.1.attentions.0.") }
    let file = try JSONSerialization.jsonObject(
      with: PEFTConfiguration(of: first, in: .unet, of: layers).file())
    let targets = (file as? [String: Any])?["target_modules"] as? [String]
    #expect(targets == first.keys.map(\.path).sorted())
  }

  @Test("values beyond the type are an error, and an existing file stays as it was")
  func overflow() throws {
    let url = folder.url.appending(path: "adapter.safetensors")
    try AdapterWriter(.kohya).write(adapters, of: layers, to: url)
    let before = try Data(contentsOf: url)
    let layer = try #require(layers.layers.first)
    let large = LoRA(
      down: try .full([1, layer.shape[1]] + layer.shape.dropFirst(2), value: 1e5),
      up: try .ones([layer.shape[0], 1] + layer.shape.dropFirst(2).map { _ in 1 }), scale: 1)
    #expect(
      sentence {
        try AdapterWriter(.kohya, dtype: .float16).write([layer: large], of: layers, to: url)
      } == "\(url.relativePath) cannot be written, because the adapters of 1 layers "
        + "(\(layer.kohyaName)) have values that are no finite numbers in float16; choose fp32, or an "
        + "earlier checkpoint.")
    #expect(try Data(contentsOf: url) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 1)
  }
}
