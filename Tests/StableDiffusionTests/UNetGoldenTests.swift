import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("The whole UNet")
struct UNetGoldenTests {
  @Test(
    "has diffusers' prediction and gradients, also with channels last",
    arguments: ["unet", "unet-wide"], [false, true])
  func equalsDiffusers(_ name: String, channelsLast: Bool) throws {
    let golden = try Golden("models/\(name)")
    let unet = try TinyModel.unet()
    if channelsLast { try unet.setChannelsLast() }
    try golden.trackGradients(of: unet)
    let sample = try golden.input("sample")
    let prompt = try golden.input("encoder_hidden_states")
    let pooled = try golden.input("text_embeds")
    let prediction = try unet(
      sample, timestep: golden.input("timestep"), encoderHiddenStates: prompt,
      addedConditioning: AddedConditioning(
        textEmbeds: pooled, timeIds: golden.input("time_ids").to(.float32)))
    let inputs = ["sample": sample, "encoder_hidden_states": prompt, "text_embeds": pooled]
    #expect(
      try golden.differences(outputs: ["sample": prediction], inputs: inputs, module: unet) == [])
  }

  @Test("accepts a size that its levels do not divide")
  func oddSize() throws {
    let unet = try TinyModel.unet()
    let prediction = try noGrad { try TinyModel.predict(unet, height: 7, width: 10) }
    #expect(prediction.shape == [2, 4, 7, 10])
    #expect(try prediction.isFinite())
  }

  @Test("runs in the type of its weights for inputs of any type")
  func weightsDecideType() throws {
    let unet = try TinyModel.unet()
    let exact = try noGrad { try TinyModel.predict(unet) }
    try unet.load(from: TinyModel.weights("unet"), dtype: .bfloat16)
    let rounded = try noGrad { try TinyModel.predict(unet) }
    #expect(rounded.dtype == .bfloat16)
    #expect(try relativeDifference(rounded, exact) < 0.05)
  }

  @Test("throws if conditioning is missing")
  func missingConditioning() throws {
    let unet = try TinyModel.unet()
    #expect(throws: UNetError.missingConditioning) {
      try unet(
        .ones([1, 4, 8, 8]), timestep: Tensor([Float(1)], shape: [1]),
        encoderHiddenStates: .ones([1, 5, 64]))
    }
  }
}
