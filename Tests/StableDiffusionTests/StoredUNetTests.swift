import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("A UNet with weights in another form")
struct StoredUNetTests {
  private let model: ModelDirectory

  init() throws { model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl")) }

  /// A prediction, and the gradients of adapters in the attention layers.
  private func results(
    _ storage: WeightStorage, dtype: DType = .float32
  ) throws -> [Tensor] {
    let unet = try model.loadUNet(dtype: dtype, storage: storage)
    let sites = try TinyModel.adapted(unet)
    try unet.setChannelsLast()
    let fusion = try unet.fuseAdapters()
    unet.setGradientCheckpointing(.blocks)
    let output = try TinyModel.predict(unet)
    try output.square().sum().backward()
    try fusion.collectGradients()
    let gradients = try sites.flatMap(\.tensors).map { try #require(try $0.tensor.grad) }
    return [output, try .cat(gradients.map { try $0.reshape([-1]) }, dim: 0)]
  }

  @Test(
    "predicts the same bits, with the same gradients, when they are offloaded", arguments: [0.3, 1])
  func offloaded(share: Double) throws {
    let resident = try results(.resident).map { try $0.bytes() }
    #expect(try results(.offloaded(share: share)).map { try $0.bytes() } == resident)
  }

  /// The relative errors of a prediction and of the gradients.
  private func errors(_ results: [Tensor], of exact: [Tensor]) throws -> [Double] {
    try zip(exact, results).map { one, other in
      let one = try one.to(.float32)
      return try ((one - other.to(.float32)).square().sum() / one.square().sum()).sqrt().item()
    }
  }

  @Test("predicts nearly the same when they are rounded: int8 nearly as in bfloat16, fp8 less so")
  func rounded() throws {
    let exact = try results(.resident)
    let bfloat16 = try errors(results(.resident, dtype: .bfloat16), of: exact)
    let int8 = try errors(results(.quantized(.int8)), of: exact)
    let fp8 = try errors(results(.quantized(.fp8)), of: exact)
    for index in exact.indices {
      #expect(int8[index] > 0 && int8[index] < 1.5 * bfloat16[index])
      #expect(fp8[index] > int8[index] && fp8[index] < 8 * bfloat16[index])
    }
  }
}
