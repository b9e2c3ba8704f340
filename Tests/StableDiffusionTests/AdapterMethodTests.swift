import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Adapters of every method in a whole UNet.
@Suite("A UNet with adapters of each method")
struct AdapterMethodTests {
  private static let targets = [
    "to_q", "to_k", "to_v", "to_out.0", "net.2", "conv2", "conv_shortcut",
  ]

  private let model: ModelDirectory

  init() throws { model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl")) }

  /// New adapters, all of whose tensors are changed so that no gradient is zero.
  private func adapted(
    _ unet: UNet2DConditionModel, _ method: AdapterMethod, _ targets: [String] = targets,
    initialization: LoRAInitialization? = nil
  ) throws -> [AdapterSite] {
    var settings = AdapterSettings(rank: 2, alpha: 2)
    settings.initialization = initialization
    let sites = try unet.attachAdapters(
      method.kind, targets: targets, settings: method.settings(settings)
    ) { try Generator(seed: UInt64($0)) }
    for (index, (_, tensor)) in sites.flatMap(\.tensors).enumerated() {
      let noise = try Generator(seed: UInt64(1000 + index)).normal(tensor.shape) * 0.1
      try noGrad { try tensor.copy(from: tensor + noise) }
    }
    return sites
  }

  /// A prediction and the gradients of the adapters.
  private func results(
    _ method: AdapterMethod, storage: WeightStorage = .resident,
    checkpointing: CheckpointingExtent? = nil, dtype: DType = .float32,
    initialization: LoRAInitialization? = nil
  ) throws -> [Tensor] {
    let unet = try model.loadUNet(dtype: dtype, storage: storage)
    let sites = try adapted(unet, method, initialization: initialization)
    try unet.setChannelsLast()
    let fusion = try unet.fuseAdapters()
    unet.setGradientCheckpointing(checkpointing)
    let output = try TinyModel.predict(unet)
    try output.square().sum().backward()
    try fusion.collectGradients()
    let gradients = try sites.flatMap(\.tensors).map { try #require(try $0.tensor.grad) }
    return [try output.detach(), try .cat(gradients.map { try $0.reshape([-1]) }, dim: 0)]
  }

  @Test(
    "predicts the same with the same gradients when blocks are recomputed, to the bit if offloaded",
    arguments: AdapterMethod.allCases)
  func recomputed(_ method: AdapterMethod) throws {
    let recomputed = try results(method, checkpointing: .blocks)
    for (one, other) in try zip(recomputed, results(method)) {
      #expect(try relativeDifference(one, other) < 1e-5)
    }
    #expect(
      try results(method, storage: .offloaded(share: 1), checkpointing: .blocks)
        .map { try $0.bytes() } == recomputed.map { try $0.bytes() })
  }

  @Test("trains PiSSA the same when blocks are recomputed")
  func pissa() throws {
    let plain = try results(.lora, initialization: .pissa)
    let recomputed = try results(.lora, checkpointing: .blocks, initialization: .pissa)
    for (one, other) in zip(recomputed, plain) {
      #expect(try relativeDifference(one, other) < 1e-5)
    }
  }

  @Test("predicts nearly the same on weights of 8 bits", arguments: AdapterMethod.allCases)
  func rounded(_ method: AdapterMethod) throws {
    func errors(_ other: [Tensor], _ exact: [Tensor]) throws -> [Double] {
      try zip(exact, other).map { one, other in
        try ((one - other.to(.float32)).square().sum() / one.square().sum()).sqrt().item()
      }
    }
    let exact = try results(method)
    let half = try errors(results(method, dtype: .bfloat16), exact)
    let int8 = try errors(results(method, storage: .quantized(.int8)), exact)
    for index in exact.indices {
      #expect(half[index] < 0.05 && int8[index] > 0 && int8[index] < 2 * half[index])
    }
  }

  @Test("groups of layers with adapters of several kinds stay right, and those of LoRA are fused")
  func mixed() throws {
    func outputs(fused: Bool) throws -> [Tensor] {
      let unet = try model.loadUNet()
      var adapters: [String: any AdapterKind] = [:]
      for (method, target) in [
        (AdapterMethod.lora, "to_q"), (.dora, "to_k"), (.loha, "to_v"), (.lokr, "net.2"),
        (.lora, "attn2.to_k"), (.lora, "attn2.to_v"),
      ] {
        for site in try adapted(unet, method, [target]) { adapters[site.path] = site.adapter }
      }
      let sites = try unet.attachAdapters(adapters)
      let fusion = fused ? try unet.fuseAdapters() : nil
      let output = try TinyModel.predict(unet)
      try output.square().sum().backward()
      try fusion?.collectGradients()
      let gradients = try sites.flatMap(\.tensors).map { try #require(try $0.tensor.grad) }
      return [try output.detach(), try .cat(gradients.map { try $0.reshape([-1]) }, dim: 0)]
    }
    for (one, other) in try zip(outputs(fused: true), outputs(fused: false)) {
      #expect(try relativeDifference(one, other) < 1e-5)
    }
  }
}
