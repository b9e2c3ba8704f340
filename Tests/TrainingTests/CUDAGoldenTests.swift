import Adapters
import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

extension CUDATests {
  @Suite("the references of diffusers, transformers and peft")
  struct Goldens {
    private let model: ModelDirectory

    init() throws { model = try tinyModel() }

    @Test(
      "have the UNet's prediction and gradients in fp32, its prediction in bf16",
      arguments: ["unet", "unet-wide"])
    func unet(_ name: String) throws {
      let golden = try Golden("models/\(name)", on: device)
      func predict(_ dtype: DType) throws -> (UNet2DConditionModel, [String: Tensor], Tensor) {
        let unet = try model.loadUNet(dtype: dtype, device: device)
        if dtype == .float32 { try golden.trackGradients(of: unet) }
        let names = ["sample", "encoder_hidden_states", "text_embeds"]
        let inputs = try Dictionary(uniqueKeysWithValues: names.map { ($0, try golden.input($0)) })
        let prediction = try unet(
          #require(inputs["sample"]), timestep: golden.input("timestep"),
          encoderHiddenStates: #require(inputs["encoder_hidden_states"]),
          addedConditioning: AddedConditioning(
            textEmbeds: #require(inputs["text_embeds"]),
            timeIds: golden.input("time_ids").to(.float32)))
        return (unet, inputs, prediction)
      }
      let (unet, inputs, prediction) = try predict(.float32)
      #expect(
        try golden.differences(
          outputs: ["sample": prediction], inputs: inputs, module: unet, tolerance: tolerance) == []
      )
      let rounded = try noGrad { try predict(.bfloat16).2 }
      #expect(rounded.dtype == .bfloat16)
      let difference = try relativeDifference(rounded, golden.tensor("out.sample"))
      #expect(difference <= bfloat16Tolerance)
    }

    @Test(
      "have the VAE's moments and pictures in fp32 with gradients, its pictures in bf16",
      arguments: ["", "-wide"])
    func vae(_ form: String) throws {
      let vae = try model.loadVAE(device: device)
      let images = try Golden("models/vae-encode\(form)", on: device)
      try images.trackGradients(of: vae)
      let image = try images.input("sample")
      let moments = try vae.encode(image)
      #expect(
        try images.differences(
          outputs: ["mean": moments.mean, "logvar": moments.logvar], inputs: ["sample": image],
          module: vae, tolerance: tolerance) == [])

      let latents = try Golden("models/vae-decode\(form)", on: device)
      let other = try model.loadVAE(device: device)
      try latents.trackGradients(of: other)
      let latent = try latents.input("sample")
      #expect(
        try latents.differences(
          outputs: ["sample": other.decode(latent)], inputs: ["sample": latent], module: other,
          tolerance: tolerance) == [])

      let half = try model.loadVAE(dtype: .bfloat16, device: device)
      let picture = try noGrad { try half.decode(latent.to(.bfloat16)) }
      let difference = try relativeDifference(picture, latents.tensor("out.sample"))
      #expect(difference <= bfloat16Tolerance)
    }

    @Test("have the embeddings of prompts in fp32 and bf16")
    func prompts() throws {
      let golden = try Golden("pictures/negative")
      for (dtype, tolerance) in [
        (DType.float32, CUDATests.tolerance), (.bfloat16, bfloat16Tolerance),
      ] {
        let encoder = try model.loadPromptEncoder(dtype: dtype, device: device)
        let prompt = try noGrad { try encoder.encode(["a photo of sks dog"]) }
        let negative = try noGrad { try encoder.encodeNegative("blurry, low quality") }
        let outputs = [
          "prompt_embeds": prompt.embeds, "pooled_prompt_embeds": prompt.pooled,
          "negative_prompt_embeds": negative.embeds,
          "negative_pooled_prompt_embeds": negative.pooled,
        ]
        #expect(try golden.differences(outputs: outputs, tolerance: tolerance) == [])
      }
    }

    @Test(
      "have five steps of a LoRA: losses, gradient norms and adapter, on every rung of the memory ladder",
      arguments: [
        "epsilon", "v-prediction-min-snr", "accumulation", "prior-min-snr", "output-preservation",
        "huber-noise", "smooth-l1-debiased-v-zero-snr",
      ],
      [
        MemoryRung(nil), MemoryRung(.feedForward), MemoryRung(.blocks),
        MemoryRung(.blocks, .offloaded, offloadedShare: 0.5), MemoryRung(.blocks, .offloaded),
      ])
    func loraTraining(name: String, rung: MemoryRung) throws {
      try TrainingGoldenTests.compare(name, rung, on: device, tolerance: tolerance)
    }

    @Test(
      "have five steps of a LoRA with passes that are recorded and repeated",
      arguments: [
        "epsilon", "v-prediction-min-snr", "accumulation", "prior-min-snr", "output-preservation",
        "huber-noise", "smooth-l1-debiased-v-zero-snr",
      ],
      [MemoryRung(nil), MemoryRung(.feedForward), MemoryRung(.blocks)])
    func recordedTraining(name: String, rung: MemoryRung) throws {
      try withoutProcessorKernels {
        try TrainingGoldenTests.compare(
          name, rung, recorded: true, on: device, tolerance: tolerance)
      }
    }

    @Test("checkpointing changes no gradient of an adapter", arguments: [DType.float32, .bfloat16])
    func checkpointing(dtype: DType) throws {
      let unet = try model.loadUNet(dtype: dtype, device: device)
      let trained = try unet.attachAdapters(
        LoRA.self, targets: ["to_q", "to_k", "to_v", "to_out.0"],
        settings: AdapterSettings(rank: 2, alpha: 2)
      ) { try Generator(seed: UInt64($0)) }.flatMap(\.tensors).map(\.tensor)
      // For each of several sets of values.
      let gradients = {
        try (UInt64(1)...8).map { seed in
          for tensor in trained {
            let values = try Generator(seed: seed).normal(tensor.shape) * 0.1
            try noGrad { try tensor.copy(from: values) }
            try tensor.setGrad(nil)
          }
          try predict(unet).square().sum().backward()
          return try trained.map { try #require(try $0.grad).clone() }
        }
      }
      // In bfloat16 all sets are compared together: of one set, the terms of some gradients almost cancel,
      // and what is left is rounding.
      func joined(_ sets: [[Tensor]]) throws -> [Tensor] {
        if dtype == .float32 { return sets.flatMap(\.self) }
        return try trained.indices.map { place in
          try Tensor.cat(sets.map { $0[place] }, dim: 0)
        }
      }
      let plain = try gradients()
      unet.setGradientCheckpointing(true)
      let recomputed = try gradients()
      // The gradients of an input that is used twice are summed in another order.
      let limit = dtype == .float32 ? tolerance : bfloat16Tolerance
      for (one, other) in zip(try joined(plain), try joined(recomputed)) {
        #expect(try one.abs().max().item() > 0)
        #expect(try relativeDifference(other, one) <= limit)
      }
    }

    @Test("merged adapters predict what adapters beside the weights do, and leave no trace")
    func merged() throws {
      let unet = try model.loadUNet(device: device)
      let plain = try noGrad { try predict(unet) }
      let file = try AdapterFile(
        contentsOf: Repository.golden.appending(path: "lora/pytorch_lora_weights.safetensors"))
      try file.adapters(for: AdaptableLayers(model), strength: 1, device: device)
        .attach(to: unet, as: .unet)
      let beside = try noGrad { try predict(unet) }
      try unet.mergeAdapters()
      let inside = try noGrad { try predict(unet) }
      #expect(try relativeDifference(inside, beside) <= tolerance)
      #expect(try relativeDifference(beside, plain) > 100 * tolerance)
      unet.setAdapters([:])
      #expect(try noGrad { try predict(unet) }.bytes() == plain.bytes())
    }

    /// A prediction for fixed inputs.
    private func predict(_ unet: UNet2DConditionModel) throws -> Tensor {
      try unet(
        Generator(seed: 1).normal([2, 4, 8, 8]).to(device),
        timestep: Tensor([Int64(7), 801], shape: [2]).to(device),
        encoderHiddenStates: Generator(seed: 2).normal([2, 5, 64]).to(device),
        addedConditioning: AddedConditioning(
          textEmbeds: Generator(seed: 3).normal([2, 32]).to(device),
          timeIds: Tensor.full([2, 6], value: 512).to(device)))
    }
  }
}
