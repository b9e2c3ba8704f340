import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("Gradient checkpointing")
struct GradientCheckpointingTests {
  @Test("of a transformer changes no bit of any gradient")
  func transformer() throws {
    let golden = try Golden("blocks/transformer-linear")
    let transformer = Transformer2DModel(
      16, shape: .init(heads: 2, layers: 2, crossAttentionDim: 12, useLinearProjection: true),
      groups: 4)
    try golden.load(into: transformer)
    for (_, parameter) in transformer.parameters() { try parameter.tensor.setRequiresGrad(false) }
    let sites = try TinyModel.adapted(transformer)
    let gradients = {
      let sample = try golden.input("sample")
      let output = try transformer(
        sample, prompt: PromptContext(golden.tensor("in.context")))
      return try self.gradients(of: output, sites, [sample])
    }
    let plain = try gradients()
    transformer.setGradientCheckpointing(true)
    #expect(plain.allSatisfy { $0.contains { $0 != 0 } })
    #expect(try gradients() == plain)
  }

  /// Not bit for bit: if a unit's input is also used elsewhere, as in skip connections, its
  /// gradients are summed in another order.
  @Test("of the UNet keeps the gradients of all adapters")
  func unet() throws {
    let unet = try TinyModel.unet()
    let sites = try TinyModel.adapted(unet)
    let gradients = {
      try self.gradients(of: try TinyModel.predict(unet), sites)
    }
    let plain = try gradients()
    unet.setGradientCheckpointing(true)
    let checkpointed = try gradients()
    #expect(plain.allSatisfy { $0.contains { $0 != 0 } })
    for (one, other) in zip(plain, checkpointed) {
      #expect(try relativeDifference(flat(other), flat(one)) < 1e-5)
    }
    unet.setGradientCheckpointing(false)
    #expect(try gradients() == plain)
  }

  @Test("of the UNet passes gradients to all of its inputs")
  func inputs() throws {
    let golden = try Golden("models/unet")
    let unet = try TinyModel.unet()
    unet.setGradientCheckpointing(true)
    let sample = try golden.input("sample")
    let prompt = try golden.input("encoder_hidden_states")
    let pooled = try golden.input("text_embeds")
    let prediction = try unet(
      sample, timestep: golden.input("timestep"), encoderHiddenStates: prompt,
      addedConditioning: AddedConditioning(
        textEmbeds: pooled, timeIds: golden.input("time_ids").to(.float32)))
    let inputs = ["sample": sample, "encoder_hidden_states": prompt, "text_embeds": pooled]
    #expect(try golden.differences(outputs: ["sample": prediction], inputs: inputs) == [])
  }

  private func flat(_ values: [Float]) throws -> Tensor {
    try Tensor(values, shape: [values.count])
  }

  private func gradients(
    of output: Tensor, _ sites: [AdapterSite], _ inputs: [Tensor] = []
  ) throws -> [[Float]] {
    let trained = sites.flatMap(\.tensors).map(\.tensor)
    for tensor in trained { try tensor.setGrad(nil) }
    try output.square().sum().backward()
    return try (trained + inputs).map { tensor in
      let gradient = try tensor.grad
      return try #require(gradient).floats()
    }
  }
}
