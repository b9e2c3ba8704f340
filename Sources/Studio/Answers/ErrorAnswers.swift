import Files
import HTTPTypes
import Hummingbird
import Options
import Pages
import Workspace

/// Turns errors into answers: JSON for the interface, pages for browsers.
struct ErrorAnswers<Context: RequestContext>: RouterMiddleware {
  let templates: StudioTemplates

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError where error.status == .notFound {
      let path = request.uri.path
      return try answer(
        path.hasPrefix("/api/")
          ? RequestError.noRequest(method: request.method.rawValue, path: path)
          : RequestError.noPage(path), to: request)
    } catch {
      return try answer(error, to: request)
    }
  }

  private func answer(_ error: any Error, to request: Request) throws -> Response {
    let problem = Problem(error)
    if request.uri.path.hasPrefix("/api/") {
      return try Answer.json(problem, status: problem.status)
    }
    let page = ProblemPage(title: problem.status.reasonPhrase, sentence: problem.error.message)
    return Answer.html(try templates.html(page), status: problem.status)
  }
}

/// An error as the interface answers it.
struct Problem: Encodable {
  struct Content: Encodable {
    let message: String
    /// The field of the request that is wrong.
    let field: String?
  }

  let error: Content
  let status: HTTPResponse.Status

  private enum CodingKeys: String, CodingKey { case error }

  init(_ error: any Error) {
    var field: String?
    switch error {
    case ConfigError.invalidValue(let key, _, _, _): field = key
    case StudioError.noPrompt: field = "prompt"
    case StudioError.otherType(let key, _): field = key
    default: break
    }
    let sentence =
      (error as? any ReportableError)?.description
      ?? "Something inside the studio has failed (\(type(of: error))); please report it."
    self.error = Content(message: sentence.withPlainOptions, field: field)
    status = Self.status(of: error)
  }

  private static func status(of error: any Error) -> HTTPResponse.Status {
    switch error {
    case let error as RequestError: error.status
    case StudioError.queueFull: .tooManyRequests
    case let error as any ReportableError: error.kind.status
    case let error as HTTPError: error.status
    default: .internalServerError
    }
  }
}
