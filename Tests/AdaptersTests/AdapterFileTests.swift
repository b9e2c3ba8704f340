import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters

@Suite("Adapter files")
struct AdapterFileTests {
  private let folder: TemporaryDirectory
  private var file: URL { folder.url.appending(path: "adapter.safetensors") }

  init() throws { folder = try TemporaryDirectory() }

  private static func unet() throws -> UNet2DConditionModel {
    try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl")).loadUNet()
  }

  private static func layers() throws -> AdaptableLayers {
    AdaptableLayers(try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl")))
  }

  /// A file with one layer's matrices of rank 2 and the given names.
  private func write(
    _ down: String, _ up: String, metadata: [String: String] = [:], size: Int = 24
  ) throws {
    try SafetensorsWriter.write(
      [
        (down, Tensor.full([2, size], value: 3)), (up, Tensor.full([24, 2], value: 5)),
      ], metadata: metadata, to: file)
  }

  private func scale(_ file: AdapterFile) -> Double? {
    (file.layers.values.first as? LoRA)?.scale
  }

  @Test("with a LoRA of diffusers, the picture is the one that diffusers draws")
  func diffusers() throws {
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let file = try AdapterFile(
      contentsOf: Repository.golden.appending(path: "lora/pytorch_lora_weights.safetensors"))
    #expect(file.layers.count == 136)
    #expect(file.layers.values.allSatisfy { ($0 as? LoRA)?.scale == 2 })
    let unet = try model.loadUNet()
    try file.adapters(for: AdaptableLayers(model), strength: 1, device: .cpu)
      .attach(to: unet, as: .unet)

    let golden = try Golden("lora/picture")
    struct Drawing: Decodable {
      let guidance: Double
      let height: Int
      let seed: UInt64
      let steps: Int
      let width: Int
    }
    let drawing = try golden.config(as: Drawing.self)
    let sampler = LatentSampler(unet: unet, scheduler: model.scheduler, scale: model.vae.scale)
    let latents = try sampler.latents(
      for: PictureRequest(
        prompt: PromptEmbedding(
          embeds: golden.tensor("out.prompt_embeds"),
          pooled: golden.tensor("out.pooled_prompt_embeds")),
        negative: PromptEmbedding(
          embeds: golden.tensor("out.negative_prompt_embeds"),
          pooled: golden.tensor("out.negative_pooled_prompt_embeds")),
        width: drawing.width, height: drawing.height, steps: drawing.steps,
        guidance: drawing.guidance, seed: drawing.seed))
    #expect(try relativeDifference(latents, golden.tensor("out.latents")) < 1e-4)
  }

  @Test("values that are infinite or not numbers are refused with the layer's name")
  func notNumbers() throws {
    for value in [Double.nan, .infinity] {
      try SafetensorsWriter.write(
        [
          ("unet.mid.to_q.lora_A.weight", Tensor.full([2, 24], value: value)),
          ("unet.mid.to_q.lora_B.weight", Tensor.full([24, 2], value: 5)),
        ], to: file)
      #expect(throws: AdapterFileError.notNumbers(file: file.relativePath, layer: "unet.mid.to_q"))
      {
        try AdapterFile(contentsOf: file)
      }
    }
  }

  @Test(
    "every naming of a layer's matrices is read",
    arguments: [
      ("unet.mid.to_q.lora_A.weight", "unet.mid.to_q.lora_B.weight"),
      ("unet.mid.to_q.lora.down.weight", "unet.mid.to_q.lora.up.weight"),
      (
        "base_model.model.mid.to_q.lora_A.weight", "base_model.model.mid.to_q.lora_B.weight"
      ),
      ("unet.mid.to_q.lora_A.default.weight", "unet.mid.to_q.lora_B.default.weight"),
      (
        "unet.mid.processor.to_q_lora.down.weight", "unet.mid.processor.to_q_lora.up.weight"
      ),
    ])
  func namings(down: String, up: String) throws {
    try write(down, up)
    let file = try AdapterFile(contentsOf: file)
    let name = AdapterLayerName.path("mid.to_q", in: .unet)
    #expect(Array(file.layers.keys) == [name])
    let lora = try #require(file.layers[name] as? LoRA)
    #expect(try lora.down.max().item() == 3)
    #expect(try lora.up.max().item() == 5)
    #expect(scale(file) == 1)
  }

  @Test(
    "alpha comes from the header, for all layers or for some, also rank-stabilised",
    arguments: [
      (#"{"unet.lora_alpha":8,"unet.r":2}"#, 4.0),
      (#"{"unet.lora_alpha":8,"unet.alpha_pattern":{"to_q":3},"unet.r":9}"#, 1.5),
      (#"{"unet.lora_alpha":8,"unet.alpha_pattern":{"o_q":3}}"#, 4.0),
      (#"{"unet.lora_alpha":8,"unet.use_rslora":true}"#, 8 / 2.0.squareRoot()),
      (#"{"text_encoder.lora_alpha":8}"#, 1.0),
    ])
  func alpha(header: String, expected: Double) throws {
    try write(
      "unet.mid.to_q.lora_A.weight", "unet.mid.to_q.lora_B.weight",
      metadata: ["lora_adapter_metadata": header])
    #expect(try scale(AdapterFile(contentsOf: file)) == expected)
  }

  @Test("alpha of a PEFT adapter comes from the file beside it")
  func peftConfig() throws {
    try write("base_model.model.a.to_q.lora_A.weight", "base_model.model.a.to_q.lora_B.weight")
    try Data(#"{"lora_alpha":6,"r":2,"peft_type":"LORA"}"#.utf8).write(
      to: folder.url.appending(path: "adapter_config.json"))
    #expect(try scale(AdapterFile(contentsOf: file)) == 3)
  }

  @Test("an adapter without metadata has alpha = rank")
  func noMetadata() throws {
    try write("unet.mid.to_q.lora_A.weight", "unet.mid.to_q.lora_B.weight")
    #expect(try scale(AdapterFile(contentsOf: file)) == 1)
  }

  @Test(
    "malformed metadata is an error, in the header and beside the file",
    arguments: [
      ("free text", "it is not JSON"), ("[8]", "it is not a JSON object"),
      (#"{"lora_alpha":"8","r":2}"#, "lora_alpha is not of type Double"),
      (
        #"{"lora_alpha":8,"alpha_pattern":{"to_q":[1]}}"#,
        "alpha_pattern.to_q is not of type Double"
      ),
      (#"{"lora_alpha":8,"use_rslora":"yes"}"#, "use_rslora is not of type Bool"),
    ])
  func malformedMetadata(text: String, problem: String) throws {
    let names = ("base_model.model.a.to_q.lora_A.weight", "base_model.model.a.to_q.lora_B.weight")
    func expected(_ place: String) -> String {
      "\(place) does not give the adapter's rank and alpha in PEFT's form: \(problem); save the "
        + "adapter again, or correct the file."
    }
    try write(names.0, names.1, metadata: ["lora_adapter_metadata": text])
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == expected("\(file.relativePath) (lora_adapter_metadata in its header)"))
    try write(names.0, names.1)
    let beside = folder.url.appending(path: "adapter_config.json")
    try Data(text.utf8).write(to: beside)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) } == expected(beside.relativePath))
    // kohya's files have their own alphas, so the metadata is not read.
    try SafetensorsWriter.write(
      [
        ("lora_unet_a.lora_down.weight", Tensor.zeros([2, 24])),
        ("lora_unet_a.lora_up.weight", Tensor.zeros([24, 2])),
        ("lora_unet_a.alpha", Tensor.full([], value: 4)),
      ], to: file)
    #expect(try scale(AdapterFile(contentsOf: file)) == 2)
  }

  @Test("unreadable metadata beside the file is an error")
  func unreadableMetadata() throws {
    try write("unet.mid.to_q.lora_A.weight", "unet.mid.to_q.lora_B.weight")
    let beside = folder.url.appending(path: "adapter_config.json")
    try FileManager.default.createDirectory(at: beside, withIntermediateDirectories: true)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        .hasPrefix("\(beside.relativePath) cannot be read ("))
  }

  @Test("the error for tensors of an unknown naming lists them")
  func unknown() throws {
    try write("transformer.mid.lora_A.weight", "transformer.mid.lora_B.weight")
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == "\(file.relativePath) contains transformer.mid.lora_A.weight, transformer.mid.lora_B.weight, "
        + "which are not part of a LoRA in the naming of diffusers, PEFT or kohya; convert the file "
        + "to one of these.")
  }

  @Test("a missing matrix, matrices of unequal ranks and an empty file are errors")
  func broken() throws {
    try write("unet.a.lora_A.weight", "unet.b.lora_B.weight")
    let half = sentence { _ = try AdapterFile(contentsOf: file) }
    #expect(
      [("B", "a"), ("A", "b")].map { matrix, layer in
        "\(file.relativePath) has no lora_\(matrix).weight for unet.\(layer); use a LoRA that was "
          + "saved completely."
      }.contains(half))

    try SafetensorsWriter.write(
      [
        ("unet.a.lora_A.weight", Tensor.zeros([2, 24])),
        ("unet.a.lora_B.weight", Tensor.zeros([24, 3])),
      ], to: file)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == "\(file.relativePath) has matrices of shapes [2, 24] and [24, 3] for unet.a, which do not "
        + "belong together; use a LoRA that was saved completely.")

    try write("unet.a.lora_A.weight", "unet.a.lora.down.weight")
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == "\(file.relativePath) has tensors of more than one adapter for unet.a (lora.down.weight, "
        + "lora_A.weight); use a file with one adapter for each layer.")

    try SafetensorsWriter.write([], to: file)
    #expect(sentence { _ = try AdapterFile(contentsOf: file) }.contains("contains no tensors"))
  }

  @Test("an adapter of another model is an error: a layer is missing or has another size")
  func otherModel() throws {
    let layers = try Self.layers()
    let layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    func adapters() throws {
      _ = try AdapterFile(contentsOf: file)
        .adapters(for: layers, strength: 1, device: .cpu)
    }
    try write("unet.nowhere.to_q.lora_A.weight", "unet.nowhere.to_q.lora_B.weight")
    #expect(
      sentence(adapters)
        == "\(file.relativePath) does not fit this base model: of its 1 layers, 1 are missing "
        + "in the model (unet.nowhere.to_q); use the model that the LoRA was trained on.")
    try write("unet.\(layer).lora_A.weight", "unet.\(layer).lora_B.weight", size: 32)
    #expect(
      sentence(adapters)
        == "\(file.relativePath) does not fit this base model: of its 1 layers, 1 have another size "
        + "(unet.\(layer): [24, 32] instead of [24, 24]); use the model that the LoRA was trained on."
    )
    try write("unet.\(layer).lora_A.weight", "unet.\(layer).lora_B.weight")
    try adapters()
  }
}
