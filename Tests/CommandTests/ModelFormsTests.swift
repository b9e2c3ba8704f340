import Foundation
import Images
import NN
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// Models in one file, other VAEs, and adapters of other programs.
  @Suite struct ModelFormsTests {
    private static let kohya = Repository.golden.appending(path: "adapters/kohya.safetensors").path

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("A model in one file is drawn with, trained and checked like its folder")
    func singleFile() throws {
      let models = workspace.file("Checkpoints/base")
      try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
      let file = try SingleFileModel.tiny(in: models)
      try draw("--model", Workspace.model, "--output", "folder.png")
      try draw("--model", file.path, "--output", "file.png")
      try draw("--model", "tiny", "--output", "name.png")
      #expect(try pixels("file.png") == pixels("folder.png"))
      #expect(try pixels("name.png") == pixels("folder.png"))

      let doctor = try workspace.run("doctor", "--model", "tiny")
      #expect(doctor.results.contains("tiny.safetensors, 128 px, all weights have the expected"))

      var training = Workspace.training(steps: 2)
      let place = try #require(training.firstIndex(of: Workspace.model))
      training[place] = "tiny"
      #expect(try workspace.run(training).code == 0)
      let losses = try workspace.show().losses.map(\.loss)
      #expect(try workspace.run(Workspace.training(steps: 2, "--new")).code == 0)
      let expected = try workspace.show().losses.map(\.loss)
      #expect(losses.count == 2)
      #expect(zip(losses, expected).allSatisfy { abs($0 / $1 - 1) < 1e-5 })
    }

    @Test("A file of another kind, and a file that is no model, are refused")
    func noModel() throws {
      try workspace.write("x", to: "model.ckpt")
      let other = try workspace.run(arguments + ["--model", "model.ckpt"])
      #expect(other.code == 66)
      #expect(other.lastMessage.contains("The base model model.ckpt is a file of another kind"))
      let adapter = try workspace.run(arguments + ["--model", Self.kohya])
      #expect(adapter.code == 65)
      #expect(adapter.lastMessage.contains("kohya.safetensors: it is a LoRA or another adapter; "))
    }

    @Test("A file in the place of another kind is named as what it is")
    func otherContent() throws {
      let unet = Workspace.model + "/unet/diffusion_pytorch_model.safetensors"
      let vae = Workspace.model + "/vae/diffusion_pytorch_model.safetensors"
      let embedding = workspace.file("embedding.safetensors")
      let vectors = [("clip_g", 8), ("clip_l", 4)]
      try SafetensorsWriter.write(vectors.map { ($0, try .zeros([1, $1])) }, to: embedding)
      let model = ["--model", Workspace.model]
      for (flags, message) in [
        (model + ["--lora", unet], "is a UNet without the other parts of a model, not a LoRA; "),
        (model + ["--lora", vae], "is a VAE, not a LoRA; choose a LoRA for SDXL."),
        (model + ["--lora", embedding.path], "is an embedding (textual inversion), not a LoRA; "),
        (
          model + ["--vae", Self.kohya],
          ": it is a LoRA or another adapter, not a VAE; give a VAE's "
        ),
        (
          model + ["--vae", unet], ": it is a UNet without the other parts of a model, not a VAE; "
        ),
        (["--model", unet], ": it is a UNet without the other parts of a model; choose an SDXL "),
        (["--model", vae], ": it is a VAE; choose an SDXL checkpoint with all parts "),
        (["--model", embedding.path], ": it is an embedding (textual inversion); choose an SDXL "),
      ] {
        let outcome = try workspace.run(arguments + flags)
        #expect(outcome.code == 65, "\(outcome.messages)")
        #expect(outcome.lastMessage.contains(message), "\(outcome.messages)")
      }
    }

    @Test("The model's own VAE as --vae draws the same picture; a missing VAE is an error")
    func vae() throws {
      let own = Workspace.model + "/vae"
      try draw("--model", Workspace.model, "--output", "plain.png")
      try draw("--model", Workspace.model, "--vae", own, "--output", "own.png")
      #expect(try pixels("own.png") == pixels("plain.png"))
      let missing = try workspace.run(
        arguments + ["--model", Workspace.model, "--vae", "nowhere"])
      #expect(missing.code == 66)
      #expect(missing.lastMessage.contains("nowhere does not exist; give a VAE's folder"))
    }

    @Test("Merged adapters draw the same picture as unmerged ones, also with a negative strength")
    func merged() throws {
      let model = ["--model", Workspace.model, "--lora", "\(Self.kohya):-0.5"]
      try draw(model + ["--merge-adapters", "--output", "merged.png"])
      try draw(model + ["--no-merge-adapters", "--output", "beside.png"])
      try draw(model + ["--output", "standard.png"])
      try draw("--model", Workspace.model, "--output", "base.png")
      #expect(try pixels("standard.png") == pixels("merged.png"))
      func difference(_ one: String, _ other: String) throws -> Int {
        zip(try pixels(one), try pixels(other)).map { abs(Int($0) - Int($1)) }.max() ?? 255
      }
      #expect(try difference("merged.png", "beside.png") <= 1)
      #expect(try difference("merged.png", "base.png") > 10)
    }

    private let arguments = [
      "generate", "--prompt", "a cube", "--width", "64", "--height", "64", "--steps", "2",
      "--device", "cpu",
    ]

    private func draw(_ more: String...) throws { try draw(more) }

    private func draw(_ more: [String]) throws {
      let outcome = try workspace.run(arguments + more)
      #expect(outcome.code == 0, "\(outcome.messages)")
    }

    private func pixels(_ path: String) throws -> [UInt8] {
      try ImageDecoder.decode(contentsOf: workspace.file(path)).pixels
    }
  }
}
