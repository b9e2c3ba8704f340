import Foundation
import HubServer
import TestSupport
import Testing

extension CommandTests {
  /// `models push`: a repository with the adapter, a page and the sample grid.
  @Suite struct ModelsPushTests {
    /// A run with a sample grid at step 4 and none at step 2.
    private static let trained = Result { () throws -> Workspace in
      let workspace = try Workspace(isShared: true)
      try workspace.write("trigger: sks", to: "Datasets/cube/subject.yaml")
      _ = try workspace.run([
        "--subject", "cube", "--model", Workspace.model, "--resolution", "64", "--steps", "4",
        "--rank", "4", "--checkpoint-every", "2", "--sample-every", "4", "--sample-steps", "1",
        "--sample-prompt", "a \"red\" sks on the moon", "--device", "cpu",
      ])
      return workspace
    }

    private let workspace: Workspace
    private let server: HubServer

    init() throws {
      workspace = try Workspace(copyOf: Self.trained.get().url)
      server = try HubServer()
    }

    private func push(
      _ arguments: String..., with more: [String: String] = [:]
    ) throws -> Program.Outcome {
      try Program.run(
        ["models", "push"] + arguments, in: workspace.url,
        environment: [
          "HOME": workspace.url.path, "HF_ENDPOINT": server.hub.address,
          "HF_TOKEN": HubServer.token,
        ].merging(more) { $1 })
    }

    @Test("A run is published with its page; a second push changes nothing")
    func published() throws {
      let arguments = [
        "latest", "me/cube", "--license", "openrail++", "--base-model",
        "stabilityai/stable-diffusion-xl-base-1.0",
      ]
      let outcome = try push(
        arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.results == "\(server.hub.address)/me/cube\n")
      let repository = try #require(server.repository("me/cube"))
      #expect(
        Set(repository.files.keys) == [
          ".gitattributes", "README.md", "adapter.safetensors", "samples.png",
        ])
      #expect(repository.messages == ["Step 4 of run 1"])
      let run = workspace.file("Checkpoints/cube/run-1")
      #expect(
        try repository.files["adapter.safetensors"]?.content
          == Data(contentsOf: run.appending(path: "step-000004/adapter.safetensors")))
      #expect(
        try repository.files["samples.png"]?.content
          == Data(contentsOf: run.appending(path: "samples/step-000004.png")))
      let page = String(
        decoding: try #require(repository.files["README.md"]).content, as: UTF8.self)
      for part in [
        "---\nlicense: \"openrail++\"\nbase_model: \"stabilityai/stable-diffusion-xl-base-1.0\"\n",
        "instance_prompt: \"a \\\"red\\\" sks on the moon\"\n", "  - template:sd-lora\n",
        "  - stable-diffusion-xl\n", "# cube\n", "Prompts need the word `sks`",
        "![Samples](samples.png)", "| rank | 4 |", "| steps | 4 |",
        "load_lora_weights(\"me/cube\", weight_name=\"adapter.safetensors\")",
      ] { #expect(page.contains(part), "\(part)") }

      let again = try push(
        arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
      #expect(again.code == 0 && again.messages.contains("All files are published already."))
      #expect(server.repository("me/cube")?.messages.count == 1)
    }

    @Test("A new word's vectors are published too, and alone without an adapter")
    func newWord() throws {
      for (run, flags) in [[], ["--no-train-unet"]].enumerated() {
        let trained = try workspace.run(
          [
            "--subject", "cube", "--model", Workspace.model, "--resolution", "64", "--steps", "1",
            "--rank", "2", "--sample-every", "0", "--device", "cpu", "--embedding-tokens", "2",
            "--learning-rate", "1e-3",
          ] + flags)
        #expect(trained.code == 0, "\(trained.messages)")
        let outcome = try push("latest", "me/word-\(run)")
        #expect(outcome.code == 0, "\(outcome.messages)")
        let repository = try #require(server.repository("me/word-\(run)"))
        let adapter = run == 0 ? ["adapter.safetensors"] : []
        #expect(
          Set(repository.files.keys)
            == Set([".gitattributes", "README.md", "sks.safetensors"] + adapter))
        let file = workspace.file(
          "Checkpoints/cube/run-\(run + 2)/step-000001/embedding.safetensors")
        #expect(try repository.files["sks.safetensors"]?.content == Data(contentsOf: file))
        let page = String(
          decoding: try #require(repository.files["README.md"]).content, as: UTF8.self)
        for part in [
          "vectors[\"clip_g\"], token=\"sks\"", "  - textual_inversion\n", "`embedding:sks`",
          run == 0 ? "A LoRA for" : "An embedding for",
        ] { #expect(page.contains(part), "\(part)") }
        #expect(page.contains("load_lora_weights") == (run == 0))
      }
    }

    @Test("The page of a LoHa has no code for diffusers, which does not know it")
    func otherKind() throws {
      let outcome = try workspace.run(
        Workspace.training(steps: 1, "--new", "--adapter", "loha", "--targets", "to_q"))
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(try push("latest", "me/loha").code == 0)
      let repository = try #require(server.repository("me/loha"))
      let page = String(
        decoding: try #require(repository.files["README.md"]).content, as: UTF8.self)
      for part in ["A LoHa for Stable", "| kind | loha |", "ComfyUI", "  - lora\n"] {
        #expect(page.contains(part), "\(part)")
      }
      #expect(!page.contains("diffusers"))
    }

    @Test("A step without samples is published privately, with notes on what the page lacks")
    func withoutSamples() throws {
      let outcome = try push("1@2", "me/other", "--private", "--message", "First try")
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Note: Step 2 has no sample grid"))
      #expect(outcome.messages.contains("give it with --base-model."))
      let repository = try #require(server.repository("me/other"))
      #expect(repository.access == .hidden && repository.messages == ["First try"])
      #expect(repository.files["samples.png"] == nil)
    }

    @Test("Without a token, with a wrong one, and with a run that does not exist, nothing is sent")
    func refused() throws {
      let without = try push("latest", "me/cube", with: ["HF_TOKEN": ""])
      #expect(without.code == 64 && without.lastMessage.contains("set HF_TOKEN"))
      let wrong = try push("latest", "me/cube", with: ["HF_TOKEN": "hf_other"])
      #expect(wrong.code == 64 && wrong.lastMessage.contains("The access token is not valid"))
      #expect(try push("9", "me/cube").code == 66)
      #expect(try push("latest", "me/cube/x").code == 64)
      #expect(server.repository("me/cube") == nil)
    }
  }
}
