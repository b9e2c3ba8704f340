package import Files
package import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Pages
import Workspace

/// Serves the studio: a web page and an interface for programs.
package struct StudioServer: Sendable {
  /// The time after which a connection without a request is closed.
  private static let idleTime = TimeAmount.seconds(60)
  /// The most connections at a time.
  private static let mostConnections = 400

  private let settings: StudioSettings
  private let studio: Studio

  /// Throws `StudioServerError.needsToken` for an address that other computers reach without a token, and
  /// `PageError`.
  package init(_ settings: StudioSettings) throws {
    guard AllowedHosts.isLocal(settings.host) || settings.token?.isEmpty == false else {
      throw StudioServerError.needsToken(host: settings.host)
    }
    guard settings.token != "" else { throw StudioServerError.emptyToken }
    self.settings = settings
    studio = try Studio(settings)
  }

  /// Serves until the task is cancelled. Then the current drawing ends after its step. Throws `StudioServerError`.
  ///
  /// - Parameter ready: receives the address of the page once it can be opened.
  package func run(ready: @escaping @Sendable (URL) -> Void) async throws {
    var logger = Logger(label: "studio")
    logger.logLevel = .critical
    let application = Application(
      router: router(),
      server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: Self.idleTime)),
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port), serverName: "lora-train",
        availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
      onServerRunning: { [settings] channel in
        guard let url = Self.url(settings.host, channel.localAddress?.port) else { return }
        ready(url)
      }, logger: logger)
    let serving = Task { try await application.run() }
    do {
      try await withTaskCancellationHandler {
        try await serving.value
      } onCancel: {
        // Pages hear of the end before their connections are closed.
        Task {
          await studio.stop()
          serving.cancel()
        }
      }
      await studio.stop()
    } catch {
      await studio.stop()
      guard let reason = Self.reason(error) else { throw error }
      throw StudioServerError.cannotListen(
        host: settings.host, port: settings.port, reason: reason)
    }
  }

  /// Why the server cannot listen; nil for other errors.
  private static func reason(_ error: any Error) -> String? {
    switch error {
    case is SocketAddressError, is SocketAddressError.UnknownHost: "no such address"
    case let error as IOError: systemReason(error.errnoCode)
    default: nil
    }
  }

  /// The requests that the server answers, such as `GET /api/runs/:id`.
  package var requests: [String] { router().routes.map { "\($0.method.rawValue) \($0.path)" } }

  private static func url(_ host: String, _ port: Int?) -> URL? {
    let name =
      ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
    return URL(string: "http://\(name):\(port ?? 0)/")
  }

  private func router() -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: SecurityHeaders())
    router.add(middleware: ErrorAnswers(templates: studio.templates))
    router.add(middleware: HostCheck(hosts: AllowedHosts(host: settings.host)))
    router.add(middleware: OriginCheck())
    if let token = settings.token, !token.isEmpty {
      router.add(middleware: TokenCheck(token: token, templates: studio.templates))
    }
    studio.addPages(to: router)
    studio.addPictures(to: router)
    studio.addJobs(to: router)
    studio.addRuns(to: router)
    studio.addTrainings(to: router)
    studio.addAdapters(to: router)
    studio.addDatasets(to: router)
    studio.addComparisons(to: router)
    studio.addCampaigns(to: router)
    return router
  }
}

/// A studio that cannot be served.
package enum StudioServerError: ReportableError, Equatable {
  /// An address that other computers reach, without a token.
  case needsToken(host: String)
  /// A token without a letter.
  case emptyToken
  /// The port is taken, or the address is not one of this computer.
  case cannotListen(host: String, port: Int, reason: String)

  package var kind: ErrorKind {
    switch self {
    case .needsToken, .emptyToken: .usage
    case .cannotListen: .unavailable
    }
  }

  package var description: String {
    switch self {
    case .needsToken(let host):
      "Other computers could reach the studio on \(host), so it needs a token; set one with `token`, or "
        + "leave out `host`."
    case .emptyToken:
      "`token` is empty, but must be a text; set one, or leave it out."
    case .cannotListen(let host, let port, let reason):
      "The studio cannot listen on \(host):\(port) (\(reason)); choose another `port` or `host`."
    }
  }
}
