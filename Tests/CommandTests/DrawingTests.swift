import Foundation
import Images
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// The refiner, start images, long prompts and existing output files.
  @Suite struct DrawingTests {
    private static let refiner = Repository.golden.appending(path: "tiny-refiner").path

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
      "Base and refiner draw the pictures of diffusers, with a split and over the finished picture")
    func refiner() throws {
      for (name, options) in [
        ("split-07", ["--split", "0.7"]), ("split-08", []),
        ("split-scores", ["--aesthetic-score", "7.5", "--negative-aesthetic-score", "1.25"]),
        ("refiner-image", ["--refiner-strength", "0.3"]),
      ] {
        let output = "\(name).png"
        let outcome = try drawLike(
          name, options + ["--steps", "10", "--refiner", Self.refiner, "--output", output])
        #expect(outcome.results == "\(output)\n")
        #expect(try worst(output, name) <= 2)
      }
      let text = try PNGText.read(Data(contentsOf: workspace.file("split-07.png")))[0].value
      #expect(text.contains("Refiner: tiny-refiner ["))
      #expect(text.contains("], Refiner switch at: 0.7, "))
    }

    @Test("Sizes, crops and rescaled guidance give the pictures of diffusers")
    func conditioning() throws {
      let sizes = ["--original-size", "200x300", "--crop", "16,8", "--target-size", "56x72"]
      let negative = [
        "--negative-original-size", "384x512", "--negative-crop", "0,4", "--negative-target-size",
        "48x64", "--negative", "blurry, low quality",
      ]
      _ = try drawLike("sizes", sizes + ["--steps", "5", "--output", "1.png"])
      #expect(try worst("1.png", "sizes") <= 2)
      _ = try drawLike("sizes-negative", sizes + negative + ["--steps", "5", "--output", "2.png"])
      #expect(try worst("2.png", "sizes-negative") <= 2)
      _ = try drawLike(
        "rescale",
        ["--guidance", "7.5", "--guidance-rescale", "0.7", "--steps", "5", "--output", "3.png"])
      #expect(try worst("3.png", "rescale") <= 2)
    }

    @Test("An image is drawn over; an image of another size is scaled and cropped with a message")
    func image() throws {
      let pixels = try Golden("drawings/image").input("image").uint8s()
      let start = try RGBImage(width: 64, height: 64, pixels: pixels)
      try workspace.write(PNGEncoder.encode(start), to: "start.png")
      let outcome = try drawLike("image", ["--steps", "10", "--image", "start.png"])
      #expect(outcome.messages.isEmpty)
      #expect(try worst("picture.png", "image") <= 2)

      try workspace.write(workspace.image(1), to: "wide.png")
      let scaled = try drawLike("image", ["--steps", "2", "--image", "wide.png"])
      #expect(
        scaled.messages == """
          wide.png has 96x80 pixels; it is scaled to 77x64 (bicubic) and cropped to 64x64 around its \
          center.

          """)
    }

    @Test("A refiner as base model and a base model as refiner are refused")
    func exchanged() throws {
      let asBase = try workspace.run(
        ["generate", "--prompt", "a", "--device", "cpu", "--model", Self.refiner])
      #expect(asBase.code == 65)
      #expect(asBase.lastMessage.contains("this is a refiner, not a base model"))
      let asRefiner = try workspace.run([
        "generate", "--prompt", "a", "--device", "cpu", "--model", Workspace.model, "--refiner",
        Workspace.model,
      ])
      #expect(asRefiner.code == 65)
      #expect(asRefiner.lastMessage.contains("this is a base model, not a refiner"))
    }

    @Test("An existing file is an error without --overwrite; without --output, a free name is used")
    func output() throws {
      let first = try draw("--steps", "1", "--output", "a.png")
      #expect(first.code == 0)
      let again = try draw("--steps", "2", "--output", "a.png")
      #expect(again.code == 73)
      #expect(
        again.lastMessage
          == "lora-train: a.png already exists; choose another --output, or replace "
          + "it with --overwrite.")
      #expect(try draw("--steps", "2", "--output", "a.png", "--overwrite").code == 0)
      let results = try (0..<3).map { _ in try draw("--steps", "1").results }
      #expect(results == ["picture.png\n", "picture-2.png\n", "picture-3.png\n"])
      _ = try draw("--steps", "1", "--seed", "3", "--output", "folder")
      let folder = try draw("--steps", "1", "--seed", "2", "--count", "2", "--output", "folder")
      #expect(folder.code == 73)
      #expect(folder.lastMessage.contains("folder/3.png already exists"))
      #expect(try workspace.files(below: "folder") == ["3.png"])
    }

    @Test("An empty prompt is drawn; a prompt of 10,000 characters is cut with a note")
    func prompts() throws {
      let empty = try draw("--prompt", "", "--steps", "1")
      #expect(empty.code == 0 && !empty.messages.contains("Note"))
      let long = String(repeating: "a photo of sks dog, ", count: 500)
      let cut = try draw("--prompt", long, "--steps", "1")
      #expect(cut.code == 0)
      #expect(cut.messages.contains("only the first 75 are read"))
      #expect(cut.messages.contains("Note: The prompt has "))
      let whole = try draw("--prompt", long, "--steps", "1", "--long-prompts")
      #expect(whole.code == 0 && !whole.messages.contains("Note"))
    }

    @Test(
      "Options that are not allowed are refused with the allowed values",
      arguments: [
        (["--split", "0.7"], "--split needs a refiner"),
        (["--refiner", "r", "--split", "1"], "--split is 1.0, but must be between 0 and 1"),
        (["--refiner", "r", "--split", "0.5", "--refiner-strength", "1"], "choose one"),
        (["--strength", "0.5"], "--strength needs an adapter"),
        (["--image", "a.png", "--strength", "0.5"], "or use --image-strength for the image"),
        (["--image-strength", "0.5"], "--image-strength needs an image"),
        (["--image", "a.png", "--image-strength", "0"], "--image-strength is 0.0"),
        (["--guidance-rescale", "2"], "--guidance-rescale is 2.0, but must be from 0 to 1"),
        (["--original-size", "12"], "1024x768"), (["--crop", "1"], "0,128"),
        (["--width", "60"], "positive multiples of 8"),
      ])
    func refused(_ options: [String], _ sentence: String) throws {
      let outcome = try workspace.run(arguments(options))
      #expect(outcome.code == 64)
      #expect(outcome.lastMessage.contains(sentence), "\(outcome.lastMessage)")
    }

    @Test("Ctrl-C ends a drawing with 130")
    func interrupted() throws {
      // The note about the cut prompt is printed just before the drawing starts.
      let program = try Program.start(
        arguments(["--prompt", String(repeating: "dog ", count: 99), "--steps", "900"]),
        in: workspace.url)
      try program.waitForMessage("only the first 75")
      program.send(SIGINT)
      let outcome = try program.wait()
      #expect(outcome.code == 130)
      #expect(outcome.messages.contains("Stopping"))
    }

    private func arguments(_ more: [String]) -> [String] {
      let prompt = more.contains("--prompt") ? [] : ["--prompt", "a cube"]
      return ["generate", "--model", Workspace.model, "--device", "cpu"] + prompt
        + (more.contains("--width") ? [] : ["--width", "64"]) + ["--height", "64"] + more
    }

    private func draw(_ more: String...) throws -> Program.Outcome { try draw(more) }

    private func draw(_ more: [String]) throws -> Program.Outcome {
      try workspace.run(arguments(more))
    }

    /// Draws with the prompt and seed of the recorded pictures of 64 x 64.
    private func drawLike(_ name: String, _ more: [String]) throws -> Program.Outcome {
      let outcome = try draw(
        more + ["--prompt", "a photo of sks dog", "--seed", "42"]
          + (more.contains("--output") ? [] : ["--overwrite"]))
      #expect(outcome.code == 0, "\(name): \(outcome.messages)")
      return outcome
    }

    /// The largest difference of a byte from a recorded picture.
    private func worst(_ file: String, _ name: String) throws -> Int {
      let picture = try ImageDecoder.decode(contentsOf: workspace.file(file))
      let expected = try Golden("drawings/\(name)").tensor("out.image").uint8s()
      #expect(picture.pixels.count == expected.count)
      return zip(picture.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 255
    }
  }
}
