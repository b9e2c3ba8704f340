import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters

/// Files of every kind, those of lycoris-lora and diffusers and our own.
@Suite("Kinds of adapters in files")
struct AdapterKindTests {
  private static let names = Result {
    try Golden("kinds/pictures").config(as: AdapterNamingTests.Drawings.self).cases.keys.sorted()
  }

  private let model: ModelDirectory
  private let layers: AdaptableLayers
  private let folder: TemporaryDirectory
  private var file: URL { folder.url.appending(path: "lora.safetensors") }

  init() throws {
    model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    layers = AdaptableLayers(model)
    folder = try TemporaryDirectory()
  }

  private func golden(_ name: String) throws -> AdapterFile {
    try AdapterFile(contentsOf: Repository.golden.appending(path: "kinds/\(name).safetensors"))
  }

  /// New adapters of a kind on layers of every form, with random values as after a training.
  private func trained(
    _ method: AdapterMethod, _ change: (inout AdapterSettings) -> Void = { _ in }
  ) throws -> LayerAdapters {
    var settings = AdapterSettings(rank: 2, alpha: 3)
    change(&settings)
    let unet = try model.loadUNet()
    let sites = try unet.attachAdapters(
      method.kind,
      targets: [
        "mid_block.attentions.0.proj_in", "attn2.to_k", "conv_shortcut", "resnets.1.conv1",
      ],
      settings: method.settings(settings)
    ) { try Generator(seed: UInt64($0)) }
    var adapters: LayerAdapters = [:]
    for (index, site) in sites.enumerated() {
      let generator = try Generator(seed: UInt64(1000 + index))
      let layer = try #require(layers.layer(site.path, in: .unet))
      adapters[layer] = try site.adapter.mapTensors {
        try $0.detach() + generator.normal($0.shape) * 0.2
      }
    }
    return adapters
  }

  @Test(
    "The picture is the library's own within 2 of 255, merged or not", arguments: try names.get())
  func pictures(_ name: String) throws {
    let golden = try Golden("kinds/pictures")
    let drawings = try golden.config(as: AdapterNamingTests.Drawings.self)
    let expected = try golden.tensor("out.\(name)").uint8s().map(Int.init)
    var adapters = try self.golden(name).adapters(for: layers, strength: 1, device: .cpu)
    for isMerged in [false, true] {
      adapters.isMerged = isMerged
      let drawn = try drawings.draw(with: StableDiffusionXLPipeline(model, adapters: adapters))
      let worst = zip(drawn.pixels, expected).map { abs(Int($0) - $1) }.max() ?? 255
      #expect(drawn.pixels.count == expected.count)
      #expect(worst <= 2, "a byte differs by \(worst), merged: \(isMerged)")
    }
  }

  @Test("A file of each kind is shown with its kind, layers and family", arguments: try names.get())
  func info(_ name: String) throws {
    let info = try AdapterInfo(
      contentsOf: Repository.golden.appending(path: "kinds/\(name).safetensors"))
    let kind = try #require(info.kinds["DoRA"] ?? info.kinds.values.max())
    #expect(kind > 0 && info.kinds.values.reduce(0, +) == 7)
    let isRelative = ["dora", "ia3", "oft"].contains { name.contains($0) }
    #expect(info.layers.allSatisfy { ($0.deltaNorm == nil) == isRelative })
    for (layer, adapter) in try golden(name).adapters(for: layers) where !isRelative {
      let shown = try #require(info.layers.first { $0.name == layer.kohyaDiffusersName }?.deltaNorm)
      let bias = try adapter.biasDelta()?.square().sum().item() ?? 0
      let delta = try adapter.delta(of: .zeros(layer.shape)).square().sum().item()
      #expect(abs(shown - (delta + bias).squareRoot()) < 1e-4 * shown)
    }
    let expected: [String: Set<String>] = [
      "locon-tucker": ["LoRA", "LoCon with a Tucker core"], "dora-diffusers": ["DoRA"],
      "loha-dora": ["LoHa with DoRA's magnitudes"], "lokr-both": ["LoKr"],
      "ia3-input": ["IA3"], "full": ["full difference"], "oft-rescaled": ["diagonal OFT"],
    ]
    if let expected = expected[name] { #expect(Set(info.kinds.keys) == expected) }
  }

  @Test(
    "A file is written in kohya's form and read back bit for bit, of every kind",
    arguments: try names.get())
  func rewritten(_ name: String) throws {
    let adapters = try golden(name).adapters(for: layers)
    try expectSame(adapters, after: .kohya)
  }

  @Test(
    "A trained adapter is written in kohya's form and read back bit for bit",
    arguments: AdapterMethod.allCases)
  func ownFiles(_ method: AdapterMethod) throws {
    let adapters = try trained(method)
    #expect(adapters.values.allSatisfy { type(of: $0) == method.kind })
    try expectSame(adapters, after: .kohya)
    guard method == .lokr else { return }
    for factor in [2, 4] {
      try expectSame(
        trained(method) { ($0.factor, $0.decomposesBoth) = (factor, true) }, after: .kohya)
    }
    try expectSame(trained(method) { $0.rank = 64 }, after: .kohya)
  }

  /// Writes and reads adapters, and compares kinds, tensors and effects.
  private func expectSame(_ adapters: LayerAdapters, after format: AdapterFormat) throws {
    try AdapterWriter(format).write(adapters, of: layers, to: file)
    let read = try AdapterFile(contentsOf: file).adapters(for: layers)
    #expect(Set(read.keys) == Set(adapters.keys))
    for (layer, adapter) in adapters {
      let other = try #require(read[layer])
      #expect(type(of: other) == type(of: adapter))
      let weight = try Generator(seed: 5).normal(layer.shape)
      #expect(try other.delta(of: weight).bytes() == adapter.delta(of: weight).bytes())
      guard format == .kohya else { continue }
      #expect(
        try other.tensors.map { try $0.tensor.bytes() }
          == adapter.tensors.map { try $0.tensor.bytes() })
    }
  }

  @Test("DoRA is written in the forms of diffusers and PEFT, with use_dora")
  func peftForms() throws {
    let adapters = try trained(.dora)
    for format in [AdapterFormat.diffusers, .peft] {
      let url = folder.url.appending(path: format.rawValue)
      try AdapterWriter(format).write(adapters, of: layers, to: url)
      let read = try AdapterFile(contentsOf: url).adapters(for: layers)
      for (layer, adapter) in adapters {
        let weight = try Generator(seed: 5).normal(layer.shape)
        let other = try #require(read[layer] as? DoRA)
        #expect(try relativeDifference(other.delta(of: weight), adapter.delta(of: weight)) < 1e-6)
      }
      let file = try SafetensorsFile(contentsOf: AdapterFile.files(at: url)[0])
      let vectors = file.names.filter { $0.hasSuffix("lora_magnitude_vector") }
      #expect(vectors.count == adapters.count)
      #expect(vectors.allSatisfy { [1, 4].contains(file.shape(of: $0)?.count) })
      let text =
        try format == .diffusers
        ? file.metadata["lora_adapter_metadata"] ?? ""
        : String(contentsOf: url.appending(path: "adapter_config.json"), encoding: .utf8)
      #expect(text.contains(#"use_dora":true"#) || text.contains(#"use_dora" : true"#))
    }
  }

  @Test(
    "In diffusers' form the magnitudes of text encoders have the name that transformers looks for")
  func textMagnitudes() throws {
    let encoder = try model.loadTextEncoder()
    let sites = try encoder.attachAdapters(
      DoRA.self, targets: ["fc1"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    let adapters = try LayerAdapters(
      uniqueKeysWithValues: sites.map { site in
        (try #require(layers.layer(site.path, in: .textEncoder)), site.adapter)
      })
    try AdapterWriter(.diffusers).write(adapters, of: layers, to: file)
    let names = try SafetensorsFile(contentsOf: file).names.filter { $0.contains("magnitude") }
    #expect(names.count == sites.count)
    #expect(names.allSatisfy { $0.hasSuffix(".mlp.fc1.lora_magnitude_vector.weight") }, "\(names)")
    #expect(try AdapterFile(contentsOf: file).adapters(for: layers).keys == adapters.keys)
  }

  @Test("LoHa and LoKr are written in PEFT's form, with what gives its layers the same sizes")
  func peftKinds() throws {
    let variants: [(AdapterMethod, (inout AdapterSettings) -> Void)] = [
      (.loha, { _ in }), (.lokr, { _ in }), (.lokr, { $0.factor = 2 }),
      (.lokr, { ($0.rank, $0.decomposesBoth) = (1, true) }), (.lokr, { $0.rank = 64 }),
    ]
    for (method, change) in variants {
      let adapters = try trained(method, change)
      let url = folder.url.appending(path: "peft")
      try AdapterWriter(.peft).write(adapters, of: layers, to: url)
      let read = try AdapterFile(contentsOf: url).adapters(for: layers)
      for (layer, adapter) in adapters {
        let other = try #require(read[layer])
        #expect(type(of: other) == method.kind)
        let weight = try Tensor.zeros(layer.shape)
        #expect(try relativeDifference(other.delta(of: weight), adapter.delta(of: weight)) < 1e-6)
      }
      let text = try String(
        contentsOf: url.appending(path: "adapter_config.json"), encoding: .utf8)
      #expect(text.contains(#""peft_type" : "\#(method == .loha ? "LOHA" : "LOKR")""#))
    }
  }

  @Test(
    "A kind that a form does not have is refused, and so are several kinds at once in PEFT's",
    arguments: [AdapterMethod.loha, .lokr])
  func noForm(_ method: AdapterMethod) throws {
    let adapters = try trained(method)
    let error = sentence { try AdapterWriter(.diffusers).write(adapters, of: layers, to: file) }
    #expect(
      error.hasPrefix(
        "\(file.relativePath) cannot be written in the form of diffusers, which has no "
          + "\(method.kind.name) for \(adapters.count) layers (lora_unet_"))
    #expect(error.hasSuffix("choose the form of kohya."))
    for name in ["ia3-input", "full", "oft", "dora-input", "lokr-tucker", "loha-tucker"] {
      let adapters = try golden(name).adapters(for: layers)
      #expect(
        sentence { try AdapterWriter(.peft).write(adapters, of: layers, to: file) }
          .contains("cannot be written in the form of peft, which has no "))
    }
    let mixed = try trained(.lora).merging(trained(.dora).prefix(3).map { $0 }) { $1 }
    #expect(
      sentence { try AdapterWriter(.peft).write(mixed, of: layers, to: file) }
        .contains("which has no DoRA beside LoRA for 3 layers"))
    let factors = try trained(.lokr) { $0.factor = 2 }.merging(trained(.lokr).prefix(3).map { $0 })
    { $1 }
    #expect(
      sentence { try AdapterWriter(.peft).write(factors, of: layers, to: file) }
        .contains("which has no LoKr of these sizes for \(factors.count) layers"))
    let set = AdapterSet(adapters)
    #expect(
      sentence { _ = try AdapterMerge.merge(set, of: layers) }
        .contains("is of the kind \(method.kind.name), but only LoRA can be merged and resized"))
  }

  @Test("A full difference is baked into weights and biases")
  func bake() throws {
    let set = try golden("full").adapters(for: layers, strength: 0.5, device: .cpu)
    let place = folder.url.appending(path: "baked")
    try AdapterBaking(set, into: model, dtype: nil).writeFolder(place)
    let (base, baked) = (
      try model.weightSource(of: .unet), try ModelDirectory(place).weightSource(of: .unet)
    )
    let file = try SafetensorsFile(
      contentsOf: Repository.golden.appending(path: "kinds/full.safetensors"))
    let path = "down_blocks.0.resnets.1.conv1"
    for (ending, name) in [("weight", "diff"), ("bias", "diff_b")] {
      let difference = try file.tensor(
        "lora_unet_\(path.replacing(".", with: "_")).\(name)")
      let expected = try base.tensor("\(path).\(ending)") + difference * 0.5
      #expect(try baked.tensor("\(path).\(ending)").bytes() == expected.bytes())
    }
  }

  @Test(
    "A DoRA by its metadata without magnitudes, and differences of normalisation layers, are errors"
  )
  func missingMagnitudes() throws {
    let layer = "unet.mid_block.attentions.0.proj_in"
    try SafetensorsWriter.write(
      [
        ("\(layer).lora_A.weight", Tensor.ones([2, 32])),
        ("\(layer).lora_B.weight", Tensor.ones([32, 2])),
      ], metadata: ["lora_adapter_metadata": #"{"unet.lora_alpha":2,"unet.use_dora":true}"#],
      to: file)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == "\(file.relativePath) is a DoRA by its metadata (use_dora) but has no lora_magnitude_vector "
        + "for \(layer); use a file that was saved completely, or correct the metadata if it is a LoRA."
    )
    let name = "lora_unet_mid_block_attentions_0_proj_in"
    func write(module: String) throws {
      try SafetensorsWriter.write(
        [
          ("\(name).lora_down.weight", Tensor.ones([2, 32])),
          ("\(name).lora_up.weight", Tensor.ones([32, 2])),
        ],
        metadata: [
          "ss_network_module": module, "ss_network_args": #"{"algo":"lora","dora_wd":"True"}"#,
        ], to: file)
    }
    try write(module: "lycoris.kohya")
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == "\(file.relativePath) is a DoRA by its metadata (dora_wd) but has no dora_scale for \(name); "
        + "use a file that was saved completely, or correct the metadata if it is a LoRA.")
    // sd-scripts' own module ignores the argument.
    try write(module: "networks.lora")
    _ = try AdapterFile(contentsOf: file)
    let norm = "lora_unet_mid_block_attentions_0_norm"
    try SafetensorsWriter.write([("\(norm).diff", Tensor.ones([32]))], to: file)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == "\(file.relativePath) cannot be used for \(norm): An adapter of the kind difference of a "
        + "normalisation layer is not read; merge it into its base model with the program that made it."
    )
    try SafetensorsWriter.write([("\(norm).oft_blocks", Tensor.ones([1, 2, 4, 4]))], to: file)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }.contains("the kind BOFT is not read"))
    try SafetensorsWriter.write([("\(norm).hada_w1_a", Tensor.ones([4, 4]))], to: file)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        .contains("has no hada_w1_b, hada_w2_a, hada_w2_b for \(norm)"))
  }

  @Test("Kinds that are only read are not trained further")
  func notTrainable() throws {
    let adapters = try golden("ia3-input").adapters(for: layers)
    let unet = try model.loadUNet()
    let sites = Dictionary(uniqueKeysWithValues: adapters.map { ($0.key.path, $0.value) })
    #expect(
      sentence { _ = try unet.attachAdapters(sites) }
        == "The adapter of down_blocks.0.downsamplers.0.conv is of the kind IA3, which is not trained; "
        + "start from LoRA, DoRA, LoHa or LoKr.")
    #expect(unet.adapters().isEmpty)
  }
}
