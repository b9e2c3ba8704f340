import Foundation
import TestSupport
import Testing
import Torch

@testable import NN

/// Two layers whose weights a recomputed unit uses.
private final class Unit: Recomputable {
  let first = Linear(8, 64)
  let second = Linear(64, 8)
  var recomputedLeaves: [Tensor]?
}

private final class Chain: LinearGrouping {
  let head = Linear(8, 8)
  let units = [Unit(), Unit(), Unit()]
  private lazy var groups = units.map { LinearGroup([$0.first]) }

  var linearGroups: [LinearGroup] { groups }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    var hidden = try head(x)
    for (unit, group) in zip(units, groups) {
      hidden = try unit.recomputed([hidden]) { try unit.second(group($0[0])[0].silu()) } + hidden
    }
    return hidden
  }
}

@Suite("Stored weights of blocks")
struct WeightStorageTests {
  private let folder: TemporaryDirectory
  private let source: WeightSource
  private let x: Tensor

  init() throws {
    folder = try TemporaryDirectory()
    let chain = Chain()
    try Workshop().fill(chain, seed: 1)
    let file = folder.url.appending(path: "weights.safetensors")
    try SafetensorsWriter.write(
      chain.parameters().map { ($0.path, try $0.parameter.tensor) }, to: file)
    source = try WeightSource(file: file)
    x = try normal(2, 8, seed: 3)
  }

  /// A chain with adapters, and its gradients after a pass.
  private func gradients(
    _ storage: WeightStorage, steppingDownFrom before: WeightStorage = .resident,
    rounded format: QuantizedFormat? = nil
  ) throws -> [[UInt8]] {
    let chain = Chain()
    let stored = chain.storedWeights(as: before).map(\.parameter)
    try chain.load(from: source, except: stored)
    try chain.storeBlockWeights(as: before, from: source, dtype: .float32, device: .cpu)
    if let format {
      for (_, parameter) in chain.blockWeights() {
        parameter.bind(
          try QuantizedTensor(parameter.tensor, format, dtype: .float32).tensor())
      }
    }
    let sites = try chain.attachAdapters(
      LoRA.self, targets: ["first", "second"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    for site in sites {
      let up = try site.lora.up
      try up.copy(from: Generator(seed: 9).normal(up.shape))
    }
    let fusion = try chain.fuseAdapters()
    chain.setGradientCheckpointing(.blocks)
    try chain.storeBlockWeights(as: storage, from: source, dtype: .float32, device: .cpu)
    let output = try chain(x)
    try output.square().mean().backward()
    try fusion.collectGradients()
    return try [output.bytes()] + sites.flatMap(\.tensors).map { try $0.tensor.grad?.bytes() ?? [] }
  }

  @Test("Offloaded weights give the same bits, loaded that way or stepped down to")
  func offloaded() throws {
    let resident = try gradients(.resident)
    #expect(resident.count == 13 && resident.allSatisfy { $0.contains { $0 != 0 } })
    #expect(try gradients(.offloaded(share: 1)) == resident)
    #expect(try gradients(.offloaded(share: 1), steppingDownFrom: .offloaded(share: 1)) == resident)
    #expect(try gradients(.offloaded(share: 1), steppingDownFrom: .quantized(.int8)) == resident)
  }

  @Test("A share of offloaded weights gives the same bits too", arguments: [0.1, 0.5, 0.9])
  func share(share: Double) throws {
    let resident = try gradients(.resident)
    #expect(try gradients(.offloaded(share: share)) == resident)
    #expect(
      try gradients(.offloaded(share: share), steppingDownFrom: .quantized(.int8)) == resident)
    #expect(
      try gradients(.offloaded(share: 1), steppingDownFrom: .offloaded(share: share)) == resident)
  }

  @Test("A share begins with the layers that no group joins")
  func shareOrder() {
    let paths = { (share: Double) in
      Chain().storedWeights(as: .offloaded(share: share)).map(\.path)
    }
    #expect(paths(0.5) == (0..<3).map { "units.\($0).second.weight" })
    #expect(paths(0.51).last == "units.0.first.weight" && paths(1).count == 6)
    #expect(Chain().storedWeights(as: .resident).isEmpty)
  }

  @Test("Quantized weights are those of the rounded model", arguments: QuantizedFormat.allCases)
  func quantized(format: QuantizedFormat) throws {
    let rounded = try gradients(.resident, rounded: format)
    #expect(try gradients(.quantized(format)) == rounded)
    #expect(try gradients(.quantized(format), steppingDownFrom: .offloaded(share: 1)) == rounded)
    #expect(try rounded != gradients(.resident))
  }

  @Test("Block weights are the matrices inside the units")
  func blockWeights() {
    #expect(
      Chain().blockWeights().map(\.path)
        == (0..<3).flatMap { ["units.\($0).first.weight", "units.\($0).second.weight"] })
  }

  @Test("A pass without a graph keeps no value of a stored weight")
  func memory() throws {
    let chain = Chain()
    try chain.load(from: source)
    try chain.storeBlockWeights(
      as: .quantized(.int8), from: source, dtype: .float32, device: .cpu)
    _ = try noGrad { try chain(x) }
    let (output, kept, peak) = try countingMemory { try noGrad { try chain(x) } }
    // A weight has 2 KiB; with all six in memory the peak would be 12 KiB.
    #expect(output.count == 16 && kept < 1024 && peak < 10 * 1024)
  }
}
