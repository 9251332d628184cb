// The text form of a module: symbols, facts, guards, and a graph of nodes in SSA form with nested regions.
// Attribute values are read by the type of the operator's parameter: `Loop` is an enum member there, a symbol here.
grammar Graph;

module
    : 'module' STRING '{' declaration* graph '}' EOF
    ;

declaration
    : 'symbol' symbol (',' symbol)*                            # symbols
    | 'fact' relation 'from' STRING                            # fact
    | 'guard' relation 'because' STRING                        # guard
    | 'likely' dim 'in' '[' (likely (',' likely)*)? ']' 'from' STRING # likelyValues
    | 'outputs' (STRING (',' STRING)*)?                        # outputNames
    | 'counters' INT ',' INT                                   # counters
    ;

likely
    : '-'? INT
    ;

relation
    : dim op=('==' | '<=' | '<') dim
    | dim mod='%' dim '==' INT
    ;

graph
    : 'graph' '(' parameters? ')' ownFacts? '{' declaration* node* 'return' operands? update* alternative* '}'
    ;

// An output, by its number, that is the next content of an input.
update
    : 'update' INT 'of' INT
    ;

// Another order in which the nodes can run: which node comes first, second, ...
alternative
    : 'order' INT (',' INT)*
    ;

// What a graph knows, where that is not what the graph around it knows: as the module, or the first so many facts of the graph around it and
// the declarations in it. The second number says how many of its guards are checked outside.
ownFacts
    : 'facts' ('module' | INT ',' INT)
    ;

parameters
    : parameter (',' parameter)*
    ;

parameter
    : VALUE STRING? ':' tensorType
    ;

node
    : (results '=')? IDENT attributes? '(' operands? ')' (':' tensorType (',' tensorType)*)? region* origins? '#' INT
    ;

results
    : result (',' result)*
    ;

result
    : VALUE STRING?
    ;

operands
    : VALUE (',' VALUE)*
    ;

attributes
    : '<' attribute (',' attribute)* '>'
    ;

attribute
    : IDENT '=' value
    ;

region
    : '{' graph '}'
    ;

origins
    : 'from' STRING (',' STRING)*
    ;

tensorType
    : IDENT ('[' (dim (',' dim)*)? ']')?
    ;

value
    : number
    | dim
    | list
    | tensor
    ;

number
    : '-'? (FLOAT | HEX)
    ;

list
    : '[' (value (',' value)*)? ']'
    ;

tensor
    : 'dense' tensorType list
    | 'resource' tensorType STRING
    ;

dim
    : term (('+' | '-') term)*
    ;

term
    : factor ('*' factor)*
    ;

factor
    : '-'* (INT | call | symbol | '(' dim ')')
    ;

call
    : IDENT '(' dim (',' dim)* ')'
    ;

// A name that is no identifier, or that is a word of this grammar or a function, is written in quotes.
symbol
    : IDENT
    | STRING
    ;

VALUE : '%' [0-9]+ ;
HEX : '0x' [0-9a-fA-F]+ ;
FLOAT : [0-9]+ ('.' [0-9]+ ([eE] [+-]? [0-9]+)? | [eE] [+-]? [0-9]+) ;
INT : [0-9]+ ;
IDENT : [A-Za-z_] [A-Za-z0-9_]* ;
STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;
COMMENT : '//' ~[\r\n]* -> skip ;
SPACE : [ \t\r\n]+ -> skip ;
