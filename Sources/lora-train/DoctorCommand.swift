import ArgumentParser
import DreamBooth
import Foundation
import RunLog
import StableDiffusion
import Torch

/// `lora-train doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what works here, what does not, and what to do.")

  @Option(help: "Base model to check. Default: the installed one.")
  var model: String?
  @Flag(help: "Print one JSON array.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    let checks = [libtorch(), device(), memory(), baseModel(), records()]
    if json {
      try Console.answer(json: checks)
    } else {
      Console.answer(
        Table(rows: checks.map { [$0.works ? "ok" : "PROBLEM", $0.subject, $0.finding] }).text)
    }
    if checks.contains(where: { !$0.works }) { throw ExitCode(ExitStatus.unavailable.rawValue) }
  }

  private struct Check: Encodable {
    let subject: String
    let works: Bool
    let finding: String

    /// Runs a check; what it throws is the finding.
    init(_ subject: String, _ body: () throws -> String) {
      self.subject = subject
      do {
        finding = try body()
        works = true
      } catch {
        finding = String(describing: error)
        works = false
      }
    }
  }

  private func libtorch() -> Check {
    Check("libtorch") {
      let ones = try Tensor.ones([8, 8])
      let sum = try ones.matmul(ones).sum().item()
      guard sum == 512 else { throw NothingFound("a matrix product came out wrong; reinstall it") }
      return "\(Backend.version), \(Backend.threads) CPU threads"
    }
  }

  private func device() -> Check {
    Check("device") {
      guard Device.cudaCount > 0 else {
        return "cpu; libtorch sees no CUDA GPU, so real SDXL trains slowly here"
      }
      return try (0..<Device.cudaCount).map { index in
        let memory = try Device.cuda(index).memory()
        return "cuda:\(index) with \(memory.total >> 20) MiB, \(memory.free >> 20) MiB free"
      }.joined(separator: "; ")
    }
  }

  private func memory() -> Check {
    Check("memory") { "\(ProcessInfo.processInfo.physicalMemory >> 20) MiB in this machine" }
  }

  private func baseModel() -> Check {
    Check("base model") {
      let directory = try BaseModels(root: root).open(model)
      _ = try directory.loadTokenizer()
      _ = try directory.loadTokenizer2()
      try directory.checkWeights()
      let side = (directory.unet.sampleSize ?? 128) * directory.vae.scale
      return "\(directory.url.relativePath), \(side) px, all weights named and shaped as they should"
    }
  }

  private func records() -> Check {
    Check("records") {
      guard FileManager.default.fileExists(atPath: root.database.path) else {
        return "no runs yet; \(root.database.relativePath) is made with the first"
      }
      let log = try root.runLog()
      try log.verify()
      return "\(root.database.relativePath), \(try log.runs().count) runs"
    }
  }
}
