import Files
import Foundation
import Images
import Testing

extension CommandTests {
  /// Prior preservation from the command line.
  @Suite struct PriorTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func command(_ more: String...) -> [String] {
      Workspace.training(steps: 3, "--prior-images", "4", "--prior-steps", "2") + more
    }

    private func classImages() throws -> [String] {
      try workspace.files(below: "Checkpoints/cache/class-images")
    }

    @Test("Class images are drawn, trained on and reported; a later run uses the same images")
    func train() throws {
      let prompts = ["--class-prompt", "a photo of a box", "--class-prompt", "boxes"]
      let outcome = try workspace.run(command() + prompts)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains("3 images of cube and 4 class images, 3 steps at 64 px"))
      let images = try classImages()
      #expect(images.count == 4)
      let texts = try images.map { name in
        let data = try Data(
          contentsOf: workspace.file("Checkpoints/cache/class-images/\(name)"))
        return try PNGText.read(data).map(\.value)[0].split(separator: "\n")[0]
      }
      #expect(texts.sorted() == ["a photo of a box", "a photo of a box", "boxes", "boxes"])

      let run = try workspace.show()
      for step in run.losses {
        let parts = try #require(step.instance_loss) + #require(step.prior_loss)
        #expect(abs(step.loss - parts) <= 1e-6 * step.loss)
      }
      #expect(run.config.prior_images == 4)
      #expect(run.config.class_prompts == ["a photo of a box", "boxes"])

      let again = try workspace.run(command("--new") + prompts)
      #expect(again.code == 0)
      #expect(try classImages() == images)
      #expect(try workspace.show().losses.map(\.numbers) == run.losses.map(\.numbers))
      #expect(try workspace.show().id == 2)
    }

    @Test("The base model's output is kept without class images, and show names it")
    func output() throws {
      try workspace.write(
        "class_word: object\nprior_images: 2\n", to: "Datasets/cube/subject.yaml")
      let outcome = try workspace.run(
        Workspace.training(steps: 2, "--preservation", "output", "--prior-weight", "0.5"))
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains(
          "prior_images: not used, because --preservation is output, which has no class images"))
      let drawn = workspace.file("Checkpoints/cache/class-images")
      #expect(!FileManager.default.fileExists(atPath: drawn.path))
      for step in try workspace.show().losses {
        let parts = try #require(step.instance_loss) + 0.5 * #require(step.prior_loss)
        #expect(abs(step.loss - parts) <= 1e-6 * step.loss)
      }
      let shown = try workspace.run("show", "1").results
      #expect(shown.contains("\n  class  ") && !shown.contains("class images"), "\(shown)")
      #expect(shown.contains("preservation: output, ") && shown.contains("prior_weight: 0.5"))
      let conflict = try workspace.run(Workspace.training(steps: 2, "--debiased-estimation"))
      #expect(conflict.code == 64)
      #expect(
        conflict.messages.contains(
          "--debiased-estimation is true, but must be false unless --min-snr-gamma is null"),
        "\(conflict.messages)")
    }

    @Test("subject.yaml switches prior preservation on; --prior-images 0 switches it off")
    func subjectFile() throws {
      try workspace.write(
        "class_word: object\nprior_images: 2\n", to: "Datasets/cube/subject.yaml")
      let on = try workspace.run(Workspace.training(steps: 1, "--prior-steps", "1"))
      #expect(on.code == 0, "\(on.messages)")
      #expect(try workspace.show().config.class_prompts == ["a photo of an object"])
      #expect(try workspace.show().losses[0].prior_loss != nil)
      #expect(try workspace.run(Workspace.training(steps: 1, "--prior-images", "0")).code == 0)
      #expect(try workspace.show().losses[0].prior_loss == nil)
    }

    @Test("show lists the parts of the loss and the options of class images if there are any")
    func show() throws {
      let prompt = ["--class-prompt", "a box", "--batch-size", "2"]
      #expect(try workspace.run(command() + prompt).code == 0)
      let with = try workspace.run("show", "1").results
      #expect(try with.contains(Regex("(?m)^  subject +\\d.* -> ")))
      #expect(try with.contains(Regex("(?m)^  class images +\\d.* -> ")))
      #expect(with.contains("prior_images: 4") && with.contains("prior_batch_size: 2"))
      let alone = try workspace.run(Workspace.training(steps: 2, "--batch-size", "2"))
      #expect(alone.code == 0)
      let without = try workspace.run("show", "2").results
      #expect(without.contains("batch_size: 2"))
      #expect(!without.contains("prior_") && !without.contains("class images"))
    }

    @Test("Changed class images are refused; run and records stay unchanged")
    func refusedLate() throws {
      let long = Workspace.training(
        steps: 200, "--prior-images", "2", "--prior-steps", "2", "--class-prompt", "a box",
        "--checkpoint-every", "2")
      let training = try Program.start(long, in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000002"))
      training.send(SIGINT)
      #expect(try training.wait().code == 130)
      let before = try workspace.run("show", "1", "--json").results

      let black = try RGBImage(
        width: 64, height: 64, pixels: Array(repeating: 0, count: 64 * 64 * 3))
      for name in try classImages() {
        let url = workspace.file("Checkpoints/cache/class-images/\(name)")
        let parameters = try PNGText.read(Data(contentsOf: url))[0]
        try PNGEncoder.encode(
          black, text: [parameters, ("pixels", ContentHash.of(black.pixels))]
        ).write(to: url)
      }
      let refused = try workspace.run(long)
      #expect(refused.code == 65)
      #expect(
        withoutHashes(refused.lastMessage)
          == "lora-train: Run 1 cannot be resumed, because its training would change (class image 1: "
          + "content # -> #; class image 2: content # -> #); undo the change, allow it with "
          + "--allow-change, or start a new run with --new.")
      #expect(try workspace.run("show", "1", "--json").results == before)
    }

    @Test("A training interrupted while it draws class images draws only the missing ones")
    func interrupted() throws {
      let prompt = ["--class-prompt", "a box", "--prior-images", "60"]
      let training = try Program.start(command() + prompt, in: workspace.url)
      let folder = workspace.file("Checkpoints/cache/class-images")
      try training.waitForFile(folder)
      training.send(SIGINT)
      let stopped = try training.wait()
      #expect(stopped.code == 130, "\(stopped.messages)")
      #expect(
        stopped.lastMessage
          == "Stopped before the first step; the same command starts the run again.")
      let kept = try classImages()
      #expect(kept.count < 60 && kept.allSatisfy { !$0.hasPrefix(".") })
      #expect(try workspace.run(command() + prompt).code == 0)
      #expect(try classImages().count == 60)
      #expect(Set(kept).isSubset(of: try classImages()))
    }

    @Test("Wrong options of class images give one sentence each")
    func refused() throws {
      try expect(
        64,
        "The class images (prior_images) have no prompt; set --class-prompt, or class_word in "
          + "Datasets/cube/subject.yaml.", [])
      try expect(
        66,
        "There is no folder none; set --prior-folder to a folder with class images, or omit it to "
          + "draw them.", ["--prior-folder", "none"])
      try expect(
        65,
        "Datasets/cube contains 3 images, but --prior-images is 4; add images, or set "
          + "--prior-images 3.", ["--prior-folder", "Datasets/cube"])
      try expect(
        64,
        "--prior-weight is 0.0, but must be a number above 0 (--prior-images 0 switches class "
          + "images off).", ["--prior-weight", "0"])
      try expect(
        64, "--class-prompt is [\" \"], but must be a list of texts, none of them blank.",
        ["--class-prompt", " "])
    }

    private func expect(_ code: Int32, _ sentence: String, _ flags: [String]) throws {
      let outcome = try workspace.run(command() + flags)
      #expect(outcome.code == code)
      #expect(outcome.lastMessage == "lora-train: \(sentence)")
    }
  }
}
