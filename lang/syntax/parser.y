/* The grammar. Tokens come from `layout`, so statements and items end in END_OF_LINE and brackets
   match; nodes are made by `Builder`; messages are worded in syntax_error.cpp.

   What binds how tightly, from loosest to tightest:

     or
     and
     not
     == != < <= > >=     do not chain
     ..
     |>                  f is a call or a name: `x @ w + b |> relu` is relu(x @ w + b), and
                         `x |> f + y` is (x |> f) + y
     + -
     * / % @
     -x
     **                  to the right; `-x ** 2` is -(x ** 2)
     f(x) x[i] x.name

   So a pipe takes the arithmetic to its left whole, and arithmetic goes on with what came out. */

%require "3.8"
%skeleton "lalr1.cc"
%language "c++"
%define api.namespace {dlc::lang}
%define api.parser.class {Parser}
%define api.value.type variant
%define api.value.automove
%define api.token.constructor
%define api.token.raw
%define api.location.type {dlc::lang::Range}
%define parse.assert
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {dlc::lang::Builder &builder}

%code requires {
#include "lang/syntax/ast.h"

namespace dlc::lang {
class Builder;

/// Names on the left of a definition.
struct Names {
  std::vector<ast::Name> names;
  bool isTuple = false;
  std::optional<std::vector<ast::Name>> indices = {};
};

/// What stands in an item's parentheses: configuration, then tensors.
struct Lists {
  std::vector<ast::Parameter> config;
  std::vector<ast::Parameter> inputs;
};

struct Body {
  ast::ExprPtr value; // `= value`, or
  ast::Block block;
};
} // namespace dlc::lang
}

%code {
#include "lang/syntax/builder.h"

// An empty rule stands where the symbol before it ends.
#define YYLLOC_DEFAULT(Current, Rhs, N)                                                            \
  if (N)                                                                                           \
    (Current) = {YYRHSLOC(Rhs, 1).file, YYRHSLOC(Rhs, 1).begin, YYRHSLOC(Rhs, N).end};             \
  else                                                                                             \
    (Current) = {YYRHSLOC(Rhs, 0).file, YYRHSLOC(Rhs, 0).end, YYRHSLOC(Rhs, 0).end}

namespace dlc::lang {
using namespace ast;
Parser::symbol_type yylex(Builder &builder);
} // namespace dlc::lang
}

%initial-action { @$ = builder.start(); }

%token
  YYEOF 0       "the end of the file"
  END_OF_LINE   "the end of the line"
  COMMENT       "a comment"
  DOC           "a doc comment"

  LEFT_PAREN    "("
  RIGHT_PAREN   ")"
  LEFT_BRACKET  "["
  RIGHT_BRACKET "]"
  LEFT_BRACE    "{"
  RIGHT_BRACE   "}"
  COMMA         ","
  COLON         ":"
  DOT           "."
  ELLIPSIS      "..."
  ASSIGN        "="
  WRITE         "<-"
  ARROW         "->"

  OR            "or"
  AND           "and"
  NOT           "not"
  EQUAL         "=="
  NOT_EQUAL     "!="
  LESS          "<"
  LESS_EQUAL    "<="
  GREATER       ">"
  GREATER_EQUAL ">="
  RANGE         ".."
  PIPE          "|>"
  PLUS          "+"
  MINUS         "-"
  TIMES         "*"
  DIVIDE        "/"
  MODULO        "%"
  MATMUL        "@"
  POWER         "**"

  USE           "use"
  CONST         "const"
  MODEL         "model"
  LAYER         "layer"
  FN            "fn"
  OP            "op"
  LOADER        "loader"
  TRANSFORM     "transform"
  SCORE         "score"
  SCHEDULE      "schedule"
  OPTIMIZER     "optimizer"
  DATA          "data"
  TRAIN         "train"
  ON            "on"

  LET           "let"
  VAR           "var"
  PARAM         "param"
  STATE         "state"
  EACH          "each"
  AUGMENT       "augment"
  RETURN        "return"
  FOR           "for"
  IN            "in"
  IF            "if"
  ELSE          "else"
  TRUE          "true"
  FALSE         "false"
  LOOP          "loop"
  SCAN          "scan"
  ALONG         "along"
  REVERSED      "reversed"
  LENGTHS       "lengths"
  UNTIL         "until"
  YIELD         "yield"
  NEXT          "next"

%token <ast::Name>   NAME   "a name"
%token <int64_t>     INT    "a whole number"
%token <double>      FLOAT  "a number"
%token <std::string> STRING "a string"

%nterm <ast::Item> item
%nterm <Lists> lists op_lists
%nterm <std::vector<ast::Parameter>> parameters parameter_list
%nterm <ast::Parameter> parameter
%nterm <Body> body
%nterm <ast::Block> block
%nterm <std::vector<ast::StmtPtr>> statements
%nterm <ast::StmtPtr> statement
%nterm <Names> binding
%nterm <std::vector<ast::Name>> name_list
%nterm <std::optional<ast::Type>> result type_annotation
%nterm <ast::Type> type labelled_types
%nterm <std::vector<ast::ExprPtr>> dims dim_list list list_items indices
%nterm <ast::ExprPtr> default dim expr if loop postfix primary index
%nterm <std::vector<ast::Argument>> arguments argument_list options carried
%nterm <ast::Argument> argument

%left       "or"
%left       "and"
%precedence "not"
%nonassoc   "==" "!=" "<" "<=" ">" ">="
%nonassoc   ".."
%precedence "|>"
%left       "+" "-"
%left       "*" "/" "%" "@"
%precedence NEGATION
%right      "**"

%%

file: items "the end of the file";

items:
  %empty
| items item END_OF_LINE        { builder.add($2); }
| items error END_OF_LINE       { builder.giveUp(@2); yyerrok; }
| items error block END_OF_LINE { builder.giveUp(@2); yyerrok; }
;

/* --- items ------------------------------------------------------------------------------------ */

item:
  "use" STRING                                { $$ = builder.use(@$, $2, @2); }
| "const" NAME type_annotation "=" expr       { $$ = builder.constant(@$, $2, $3, $5); }
| "model" NAME "(" parameters ")" "->" type block
    { $$ = builder.item(Item::Kind::Model, @$, $2, {{}, $4}, $7, {nullptr, $8}); }
| "layer" NAME lists result block
    { $$ = builder.item(Item::Kind::Layer, @$, $2, $3, $4, {nullptr, $5}); }
| "fn" NAME "(" parameters ")" result body
    { $$ = builder.item(Item::Kind::Function, @$, $2, {$4, {}}, $6, $7); }
| "op" NAME op_lists "->" type
    { $$ = builder.item(Item::Kind::Op, @$, $2, $3, $5, {}); }
| "loader" NAME "(" parameters ")"
    { $$ = builder.item(Item::Kind::Loader, @$, $2, {$4, {}}, {}, {}); }
| "transform" NAME "(" parameters ")"
    { $$ = builder.item(Item::Kind::Transform, @$, $2, {$4, {}}, {}, {}); }
| "score" NAME "(" parameters ")"
    { $$ = builder.item(Item::Kind::Score, @$, $2, {$4, {}}, {}, {}); }
| "schedule" NAME lists body
    { $$ = builder.item(Item::Kind::Schedule, @$, $2, $3, {}, $4); }
| "optimizer" NAME lists block
    { $$ = builder.item(Item::Kind::Optimizer, @$, $2, $3, {}, {nullptr, $4}); }
| "data" NAME "(" parameters ")" block
    { $$ = builder.item(Item::Kind::Data, @$, $2, {$4, {}}, {}, {nullptr, $6}); }
| "train" NAME "on" NAME block
    { $$ = builder.train(@$, $2, $4, $5); }
;

/* One list holds the tensors; of two, the first is the configuration. */
lists:
  "(" parameters ")"                    { $$ = Lists{{}, $2}; }
| "(" parameters ")" "(" parameters ")" { $$ = Lists{$2, $5}; }
;

/* The last tensor of an operation may stand for several. */
op_lists:
  lists
| "(" parameters ")" "(" parameter_list "," "..." ")"
    { $$ = Lists{$2, $5}; $$.inputs.back().repeats = true; }
;

parameters: %empty { } | parameter_list comma;
parameter_list:
  parameter                    { $$.push_back($1); }
| parameter_list "," parameter { $$ = $1; $$.push_back($3); }
;
parameter: NAME type_annotation default { $$ = Parameter{$1, $2, $3}; };
default: %empty { } | "=" expr { $$ = $2; };

result: %empty { } | "->" type { $$ = $2; };

body:
  block    { $$.block = $1; }
| "=" expr { $$.value = $2; }
;

comma: %empty | ",";

/* --- types ------------------------------------------------------------------------------------ */

type_annotation: %empty { } | ":" type { $$ = $2; };

type:
  NAME                         { $$ = builder.type(@$, $1); }
| NAME "[" dims "]"            { $$ = builder.tensorType(@$, $1, $3); }
| "(" labelled_types comma ")" { $$ = $2; $$.range = @$; }
;

labelled_types:
  type                             { $$.elements.push_back($1); }
| NAME ":" type                    { $$.labels.push_back($1); $$.elements.push_back($3); }
| labelled_types "," type          { $$ = $1; builder.addResult($$, {}, $3); }
| labelled_types "," NAME ":" type { $$ = $1; builder.addResult($$, $3, $5); }
;

dims: %empty { } | dim_list comma;
dim_list:
  dim              { $$.push_back($1); }
| dim_list "," dim { $$ = $1; $$.push_back($3); }
;
dim:
  expr
| "..." { $$ = builder.leaf(Expr::Kind::Ellipsis, @$); }
;

/* --- statements ------------------------------------------------------------------------------- */

block: "{" statements "}" { $$ = builder.block(@$, $2); };

statements:
  %empty { }
| statements statement END_OF_LINE   { $$ = $1; builder.append($$, $2); }
| statements error END_OF_LINE       { $$ = $1; builder.giveUp(@2); yyerrok; }
| statements error block END_OF_LINE { $$ = $1; builder.giveUp(@2); yyerrok; }
;

statement:
  "let" binding type_annotation "=" expr
    { $$ = builder.define(Stmt::Kind::Let, @$, $2, $3, $5); }
| "var" NAME type_annotation "=" expr
    { $$ = builder.define(Stmt::Kind::Var, @$, {{$2}, false}, $3, $5); }
| "param" NAME ":" type "=" expr
    { $$ = builder.define(Stmt::Kind::Param, @$, {{$2}, false}, $4, $6); }
| "state" NAME type_annotation "=" expr
    { $$ = builder.define(Stmt::Kind::State, @$, {{$2}, false}, $3, $5); }
| expr "=" expr          { $$ = builder.assign(Stmt::Kind::Assign, @$, $1, $3); }
| expr "<-" expr         { $$ = builder.assign(Stmt::Kind::Write, @$, $1, $3); }
| "for" NAME "in" expr block { $$ = builder.loop(@$, $2, $4, $5); }
| "return" expr          { $$ = builder.statement(Stmt::Kind::Return, @$, $2); }
| "each" expr            { $$ = builder.preparation(Stmt::Kind::Each, @$, $2); }
| "augment" expr         { $$ = builder.preparation(Stmt::Kind::Augment, @$, $2); }
| "yield" expr           { $$ = builder.statement(Stmt::Kind::Yield, @$, $2); }
| expr                   { $$ = builder.statement(Stmt::Kind::Expr, @$, $1); }
;

binding:
  NAME                    { $$.names.push_back($1); }
| "(" name_list comma ")" { $$ = Names{$2, true}; }
| NAME "[" "]"            { $$ = Names{{$1}, false, std::vector<Name>()}; }
| NAME "[" name_list comma "]" { $$ = Names{{$1}, false, $3}; }
;
name_list:
  NAME               { $$.push_back($1); }
| name_list "," NAME { $$ = $1; $$.push_back($3); }
;

/* --- expressions ------------------------------------------------------------------------------ */

expr:
  postfix
| if
| loop
| expr "or" expr    { $$ = builder.binary(@$, @2, "or", $1, $3); }
| expr "and" expr   { $$ = builder.binary(@$, @2, "and", $1, $3); }
| "not" expr        { $$ = builder.unary(@$, @1, "not", $2); }
| expr "==" expr    { $$ = builder.binary(@$, @2, "==", $1, $3); }
| expr "!=" expr    { $$ = builder.binary(@$, @2, "!=", $1, $3); }
| expr "<" expr     { $$ = builder.binary(@$, @2, "<", $1, $3); }
| expr "<=" expr    { $$ = builder.binary(@$, @2, "<=", $1, $3); }
| expr ">" expr     { $$ = builder.binary(@$, @2, ">", $1, $3); }
| expr ">=" expr    { $$ = builder.binary(@$, @2, ">=", $1, $3); }
| expr ".." expr    { $$ = builder.range(@$, @2, $1, $3); }
| expr "|>" postfix { $$ = builder.pipe(@$, $1, $3); }
| expr "+" expr     { $$ = builder.binary(@$, @2, "+", $1, $3); }
| expr "-" expr     { $$ = builder.binary(@$, @2, "-", $1, $3); }
| expr "*" expr     { $$ = builder.binary(@$, @2, "*", $1, $3); }
| expr "/" expr     { $$ = builder.binary(@$, @2, "/", $1, $3); }
| expr "%" expr     { $$ = builder.binary(@$, @2, "%", $1, $3); }
| expr "@" expr     { $$ = builder.binary(@$, @2, "@", $1, $3); }
| "-" expr %prec NEGATION { $$ = builder.unary(@$, @1, "-", $2); }
| expr "**" expr    { $$ = builder.binary(@$, @2, "**", $1, $3); }
;

if:
  "if" expr block                 { $$ = builder.choice(@$, @1, $2, $3); }
| "if" expr block "else" block    { $$ = builder.choice(@$, @1, $2, $3, $5); }
| "if" expr block "else" if       { $$ = builder.choice(@$, @1, $2, $3, builder.block(@5, $5)); }
;

loop:
  "loop" NAME "in" expr options carried block
    { $$ = builder.carryingLoop(@$, @1, {{$2}, false}, $4, $5, $6, $7); }
| "scan" binding "in" expr options carried block
    { $$ = builder.carryingLoop(@$, @1, $2, $4, $5, $6, $7); }
;
options:
  %empty                 { }
| options "along" expr   { $$ = $1; $$.push_back(Argument{Name{"along", @2}, $3}); }
| options "reversed"      { $$ = $1; $$.push_back(Argument{Name{"reversed", @2}, builder.boolean(@2, true)}); }
| options "reversed" expr { $$ = $1; $$.push_back(Argument{Name{"reversed", @2}, $3}); }
| options "lengths" expr { $$ = $1; $$.push_back(Argument{Name{"lengths", @2}, $3}); }
| options "until" expr   { $$ = $1; $$.push_back(Argument{Name{"until", @2}, $3}); }
;
carried:
  %empty                    { }
| carried "," NAME "=" expr { $$ = $1; $$.push_back(Argument{$3, $5}); }
;

postfix:
  primary
| postfix "(" arguments ")" { $$ = builder.call(@$, $1, $3); }
| postfix "[" "]"               { $$ = builder.index(@$, $1, {}); }
| postfix "[" indices comma "]" { $$ = builder.index(@$, $1, $3); }
| postfix "." NAME          { $$ = builder.member(@$, $1, $3); }
;

indices:
  index             { $$.push_back($1); }
| indices "," index { $$ = $1; $$.push_back($3); }
;
index:
  expr
| ":"           { $$ = builder.slice(@$, nullptr, nullptr); }
| expr ":"      { $$ = builder.slice(@$, $1, nullptr); }
| ":" expr      { $$ = builder.slice(@$, nullptr, $2); }
| expr ":" expr { $$ = builder.slice(@$, $1, $3); }
;

primary:
  NAME        { $$ = builder.name($1); }
| "next" NAME { $$ = builder.leaf(Expr::Kind::Next, @$, $2.text); }
| INT         { $$ = builder.integer(@$, $1); }
| FLOAT       { $$ = builder.number(@$, $1); }
| STRING      { $$ = builder.leaf(Expr::Kind::String, @$, $1); }
| "true"      { $$ = builder.boolean(@$, true); }
| "false"     { $$ = builder.boolean(@$, false); }
| "[" list "]"                      { $$ = builder.sequence(Expr::Kind::List, @$, $2); }
| "(" expr ")"                      { $$ = $2; $$->range = @$; }
| "(" expr "," list_items comma ")" { $$ = builder.tuple(@$, $2, $4); }
;

list: %empty { } | list_items comma;
list_items:
  expr                { $$.push_back($1); }
| list_items "," expr { $$ = $1; $$.push_back($3); }
;

arguments: %empty { } | argument_list comma;
argument_list:
  argument                   { $$.push_back($1); }
| argument_list "," argument { $$ = $1; $$.push_back($3); }
;
argument:
  NAME "=" expr { $$ = Argument{$1, $3}; }
| expr          { $$ = Argument{std::nullopt, $1}; }
;

%%
