import Drawing
import Foundation
import Images
import NN
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// Drawings with embeddings (textual inversions).
  @Suite struct EmbeddingTests {
    private static let folder = Repository.golden.appending(path: "embeddings")

    private let workspace: Workspace

    init() throws {
      workspace = try Workspace()
      for name in ["zebra-toy", "bad-look"] {
        let file = Self.folder.appending(path: "\(name).safetensors")
        try workspace.write(Data(contentsOf: file), to: "\(name).safetensors")
        try workspace.write(
          Data(contentsOf: file), to: "Checkpoints/embeddings/\(name).safetensors")
      }
    }

    private func record(_ file: String) throws -> PictureRecord {
      guard case .record(let record) = try RecordedPicture(contentsOf: workspace.file(file)) else {
        throw CocoaError(.fileReadCorruptFile)
      }
      return record
    }

    private func pixels(_ path: String) throws -> [UInt8] {
      try ImageDecoder.decode(contentsOf: workspace.file(path)).pixels
    }

    private func infotext(_ path: String) throws -> Infotext {
      let data = try Data(contentsOf: workspace.file(path))
      let text = try PNGText.read(data, name: path).first { $0.key == Infotext.key }?.value
      return try #require(Infotext(parsing: text ?? ""))
    }

    @Test("A picture is that of diffusers, records its embeddings, and --from draws it again")
    func drawing() throws {
      let golden = try Golden("embeddings/picture")
      let outcome = try workspace.run(
        "generate", "--model", Workspace.model, "--prompt", "a photo of zebra-toy, on grass",
        "--negative", "blurry bad-look", "--embedding", "zebra-toy.safetensors", "--embedding",
        "bad-look", "--width", "64", "--height", "64", "--steps", "5", "--guidance", "5", "--seed",
        "42", "--device", "cpu", "--output", "a.png")
      #expect(outcome.code == 0 && !outcome.messages.contains("Note"), "\(outcome.messages)")
      let expected = try golden.tensor("out.image").floats().map { Int(($0 * 255).rounded()) }
      let drawn = try pixels("a.png")
      let worst = zip(drawn, expected).map { abs(Int($0) - $1) }.max() ?? 255
      #expect(drawn.count == expected.count && worst <= 1, "\(worst)")

      let record = try record("a.png")
      #expect(record.embeddings?.map(\.name) == ["zebra-toy", "bad-look"])
      #expect(
        record.embeddings?.map(\.path) == [
          "zebra-toy.safetensors", "Checkpoints/embeddings/bad-look.safetensors",
        ])
      let text = try #require(infotext("a.png")["TI hashes"])
      let hashes = record.embeddings?.map { "\($0.name): \($0.sha256.prefix(12))" } ?? []
      #expect(text == hashes.joined(separator: ", "))

      let again = try workspace.run("generate", "--from", "a.png", "--output", "b.png")
      #expect(again.code == 0, "\(again.messages)")
      #expect(
        try Data(contentsOf: workspace.file("a.png"))
          == Data(contentsOf: workspace.file("b.png")))

      // Another content under the same name is refused.
      let other = try Data(contentsOf: workspace.file("bad-look.safetensors"))
      try workspace.write(other, to: "zebra-toy.safetensors")
      let refused = try workspace.run("generate", "--from", "a.png", "--output", "c.png")
      #expect(refused.code == 65)
      #expect(refused.lastMessage.contains("the embedding zebra-toy.safetensors has changed"))
    }

    @Test("A word after a colon replaces the file's name, and markup that is read needs no note")
    func words() throws {
      let outcome = try workspace.draw(
        "--prompt", "a embedding:blue-x and <s0>", "--embedding", "zebra-toy:blue-x",
        "--embedding", "bad-look:<s0>", "--output", "a.png")
      #expect(outcome.code == 0 && !outcome.messages.contains("Note"), "\(outcome.messages)")
      #expect(try record("a.png").embeddings?.map(\.name) == ["blue-x", "<s0>"])
      let unused = try workspace.draw(
        "--prompt", "a cat", "--embedding", "bad-look", "--output", "b.png")
      #expect(
        unused.messages.contains(
          "Note: No prompt contains \"bad-look\", so the embedding "
            + "Checkpoints/embeddings/bad-look.safetensors changes nothing.\n"),
        "\(unused.messages)")
    }

    @Test("The prompts of a campaign use embeddings")
    func campaign() throws {
      try workspace.write(
        "prompt: \"a {thing}\"\nthing: [zebra-toy, cat]\nseeds: [1]\n", to: "t.yaml")
      let common = [
        "generate", "--model", Workspace.model, "--width", "64", "--height", "64", "--steps", "1",
        "--device", "cpu", "--prompts", "t.yaml",
      ]
      let embedding = ["--embedding", "zebra-toy", "--embedding", "bad-look"]
      let with = try workspace.run(common + embedding + ["--output", "with"])
      #expect(with.code == 0, "\(with.messages)")
      #expect(with.messages.contains("No prompt contains \"bad-look\""))
      #expect(!with.messages.contains("No prompt contains \"zebra-toy\""))
      let without = try workspace.run(common + ["--output", "without"])
      #expect(without.code == 0)
      let files = try workspace.files(below: "with").filter { $0.contains("seed") }
      let same = try files.map {
        try pixels("with/\($0)") == pixels("without/\($0)")
      }
      #expect(Set(same) == [true, false], "\(files)")
    }

    @Test("A run that trains a word is drawn, compared and exported with its embedding")
    func trained() throws {
      try workspace.write("trigger: sks-cube\n", to: "Datasets/cube/subject.yaml")
      let trained = try workspace.run(
        Workspace.training(steps: 2, "--embedding-tokens", "3", "--learning-rate", "1e-2"))
      #expect(trained.code == 0, "\(trained.messages)")
      let drawn = try workspace.draw(
        "--prompt", "a photo of sks-cube", "--run", "latest", "--output", "a.png")
      #expect(drawn.code == 0 && !drawn.messages.contains("Note"), "\(drawn.messages)")
      #expect(try record("a.png").embeddings?.map(\.name) == ["sks-cube"])
      let again = try workspace.run("generate", "--from", "a.png", "--output", "b.png")
      #expect(again.code == 0, "\(again.messages)")
      #expect(try pixels("a.png") == pixels("b.png"))
      let compared = try workspace.run(
        "compare", "latest", "--prompt", "a photo of sks-cube", "--seed", "0", "--no-base",
        "--width", "64", "--height", "64", "--steps", "1", "--device", "cpu", "--output", "page")
      #expect(compared.code == 0, "\(compared.messages)")
      let exported = try workspace.run("export", "latest", "--output", "out/cube.safetensors")
      #expect(exported.code == 0, "\(exported.messages)")
      let other = try workspace.draw(
        "--prompt", "a photo of sks-cube", "--lora", "out/cube.safetensors", "--embedding",
        "out/sks-cube.safetensors", "--output", "c.png")
      #expect(other.code == 0, "\(other.messages)")
      #expect(try pixels("c.png") == pixels("a.png"))
      let alone = try workspace.run(
        Workspace.training(steps: 1, "--embedding-tokens", "1", "--no-train-unet", "--new"))
      #expect(alone.code == 0, "\(alone.messages)")
      for arguments in [
        [
          "generate", "--prompt", "sks-cube", "--run", "latest", "--width", "64", "--height", "64",
          "--steps", "1", "--output", "d.png",
        ],
        [
          "compare", "latest", "--prompt", "sks-cube", "--seed", "0", "--width", "64", "--height",
          "64", "--steps", "1", "--output", "page2",
        ],
        ["export", "latest", "--output", "alone.safetensors"],
      ] {
        let outcome = try workspace.run(arguments)
        #expect(outcome.code == 0, "\(outcome.messages)")
      }
      let word = try SafetensorsFile(contentsOf: workspace.file("alone.safetensors"))
      #expect(word.shape(of: "clip_l") == [1, 24] && word.shape(of: "clip_g") == [1, 40])
      let refused = try workspace.run(
        Workspace.training(steps: 1, "--no-train-unet", "--new"))
      #expect(refused.code == 64 || refused.code == 65, "\(refused.messages)")
      #expect(refused.lastMessage.contains("must be true unless"), "\(refused.messages)")
    }

    @Test("Bad embeddings are errors in one sentence")
    func refusals() throws {
      try workspace.write("a", to: "broken.safetensors")
      let wide = workspace.file("wide.safetensors")
      try SafetensorsWriter.write(
        [("clip_l", try .zeros([1, 768])), ("clip_g", try .zeros([1, 1280]))], to: wide)
      let cases: [(flags: [String], code: Int32, message: String)] = [
        (["nowhere"], 66, "There is no embedding nowhere; give --embedding a .safetensors file"),
        (["broken.safetensors"], 65, "broken.safetensors is damaged or of another format"),
        (["wide.safetensors"], 65, "wide.safetensors is an embedding of another width"),
        (["zebra-toy:a"], 64, "cannot be called \"a\", since CLIP knows this word"),
        (["zebra-toy", "bad-look:Zebra-Toy"], 64, "Two embeddings are called \"Zebra-Toy\""),
        (["\(Workspace.model)/vae/diffusion_pytorch_model.safetensors"], 65, "is not an embedding"),
      ]
      for (names, code, message) in cases {
        let outcome = try workspace.draw(
          ["--prompt", "a cat"] + names.flatMap { ["--embedding", $0] } + ["--output", "a.png"])
        #expect(outcome.code == code, "\(outcome.messages)")
        #expect(outcome.lastMessage.contains(message), "\(outcome.messages)")
      }
    }
  }
}
