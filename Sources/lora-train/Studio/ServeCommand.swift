import ArgumentParser
import Files
import Foundation
import Studio
import Workspace

/// `lora-train serve`.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Opens a web page to draw and to follow runs.",
    discussion: """
      The page is for this computer only, unless --host names another address; then it needs a token. \
      Ctrl-C stops the page. Runs that were started from it go on.
      """)

  @Option(
    help: .value(
      "Address to listen on; 0.0.0.0: all of this computer. Default: \(StudioSettings.standardHost).",
      "address"))
  var host: String?
  @Option(help: .value("Port; 0: any free one. Default: \(StudioSettings.standardPort).", "n"))
  var port: Int?
  @Option(
    help: .value(
      "Token that the page asks for. Default: that of the environment variable \(Self.tokenVariable), "
        + "else none.", "text"))
  var token: String?
  @Flag(help: "Open the page in the browser.")
  var open = false
  @OptionGroup var root: RootOption

  private static let tokenVariable = "LORA_TRAIN_TOKEN"

  func validate() throws {
    if let port, !(0...65_535).contains(port) {
      throw ValidationError("--port is \(port), but must be from 0 to 65535.")
    }
  }

  func run() throws {
    let folder = root.project.url.path
    var settings = StudioSettings(
      project: root.project, program: Self.executable,
      arguments: { task in
        switch task {
        case .train(let config): ["train", "--config", config.path, "--new", "--root", folder]
        case .resume(let run): ["resume", "\(run)", "--root", folder]
        case .export(let order, let output):
          [
            "export", order.checkpoint, "--format", order.format, "--precision", order.precision,
            "--output", output.path, "--overwrite", "--root", folder,
          ]
        case .publish(let order):
          ["models", "push", order.checkpoint, order.repository, "--root", folder]
            + (order.isPrivate ? ["--private"] : [])
            + (order.license.map { ["--license=\($0)"] } ?? [])
        }
      })
    if let host { settings.host = host }
    if let port { settings.port = port }
    settings.token = token ?? ProcessInfo.processInfo.environment[Self.tokenVariable]
    try root.noteIfMissing()
    let server = try StudioServer(settings)
    let signal = StopSignal(saves: false)
    let (opens, token, host) = (open, settings.token, settings.host)
    do {
      try AsyncWork.run(signal) {
        try await server.run { url in
          Console.message("The studio is at \(url.absoluteString). Ctrl-C stops it.")
          if ["0.0.0.0", "::"].contains(host), let port = url.port {
            Console.message(
              "Other computers open http://\(CurrentProcess.host):\(port)/ and enter the token.")
          }
          if opens { Self.open(url, token: token) }
        }
      }
    } catch is CancellationError {
      // The user has stopped it.
    }
  }

  /// The running program, which also trains.
  private static var executable: URL {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  }

  /// Opens the page in the user's browser, if there is a program for this.
  private static func open(_ url: URL, token: String?) {
    let query = token.map { [URLQueryItem(name: "token", value: $0)] } ?? []
    let browser = Process()
    browser.executableURL = URL(filePath: "/usr/bin/env")
    browser.arguments = [
      "xdg-open",
      query.isEmpty ? url.absoluteString : url.appending(queryItems: query).absoluteString,
    ]
    browser.standardOutput = FileHandle.nullDevice
    browser.standardError = FileHandle.nullDevice
    do {
      try browser.run()
    } catch {
      Console.note(
        "No browser could be opened (\(error.localizedDescription)); open the address yourself.")
    }
  }
}
